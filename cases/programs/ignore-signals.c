// Blocks and ignores every signal that can be, and sleeps: only SIGKILL ends it before its time.
//
//   ignore-signals [SECONDS]     60 by default, so that one that is forgotten ends by itself
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  sigset_t every;
  sigfillset(&every);
  sigprocmask(SIG_BLOCK, &every, NULL);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);  // fails for SIGKILL and SIGSTOP

  unsigned left = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 60;
  while (left > 0) left = sleep(left);
  return 0;
}
