// Closes every descriptor, whosever they are, and lives on for a while.
//
//   close-all [MILLISECONDS]     how long; 0 by default
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  close_range(0, ~0U, 0);
  const unsigned long wait = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
  for (unsigned long passed = 0; passed < wait; ++passed) usleep(1000);
  return 0;
}
