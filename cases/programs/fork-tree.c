// Makes a tree of processes that is hard to get rid of: each ignores SIGTERM and SIGHUP, every second one is orphaned by a
// double fork into a session of its own. When all are there the root prints "N processes" and pauses.
//
//   fork-tree N           N processes below the root, 1 to 1000
//   fork-tree N leave     the root exits with 0 instead, and leaves them behind
//
// Whoever is forgotten ends after a minute.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready[2];

static void settle(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  alarm(60);
}

static void grow(long below);

/// Forks one process with `size - 1` below it; `orphan` cuts it off from this one.
static void branch(long size, int orphan) {
  const pid_t child = fork();
  if (child < 0) _exit(1);
  if (child > 0) {
    if (orphan) waitpid(child, NULL, 0);
    return;
  }
  if (orphan) {
    setsid();
    if (fork() != 0) _exit(0);
  }
  settle();
  grow(size - 1);
  if (write(ready[1], "", 1) != 1) _exit(1);
  for (;;) pause();
}

/// Splits `below` processes over two branches.
static void grow(long below) {
  if (below > 0) branch((below + 1) / 2, 1);
  if (below > 1) branch(below / 2, 0);
}

int main(int argc, char** argv) {
  char* end = NULL;
  const long count = argc >= 2 ? strtol(argv[1], &end, 10) : 0;
  const int leave = argc == 3 && strcmp(argv[2], "leave") == 0;
  if (end == NULL || *end != '\0' || count < 1 || count > 1000 || argc > 3 || (argc == 3 && !leave)) {
    fprintf(stderr, "usage: fork-tree N [leave] (1 to 1000)\n");
    return 2;
  }
  if (pipe(ready) != 0) {
    perror("fork-tree");
    return 1;
  }
  settle();
  grow(count);
  char byte = 0;
  for (long left = count; left > 0; --left) {
    if (read(ready[0], &byte, 1) != 1) return 1;
  }
  printf("%ld processes\n", count);
  fflush(stdout);
  if (!leave) {
    for (;;) pause();
  }
  return 0;
}
