// Exits with a code, such as 159, which a shell also shows for a death by SIGSYS.
//
//   exit-with CODE     0 to 255
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  char* end = NULL;
  const long code = argc == 2 ? strtol(argv[1], &end, 10) : -1;
  if (end == NULL || end == argv[1] || *end != '\0' || code < 0 || code > 255) {
    fprintf(stderr, "usage: exit-with CODE (0 to 255)\n");
    return 2;
  }
  return (int)code;
}
