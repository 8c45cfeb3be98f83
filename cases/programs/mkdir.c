// Creates a directory by mkdir(2), and says why if it cannot.
//
//   mkdir [DIR]     DIR is "teste" by default; exit 0, or 1 if mkdir(2) failed
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char** argv) {
  if (argc > 2) {
    fprintf(stderr, "usage: mkdir [DIR]\n");
    return 2;
  }
  const char* directory = argc == 2 ? argv[1] : "teste";
  if (mkdir(directory, 0777) != 0) {
    fprintf(stderr, "mkdir: cannot create directory '%s': %s\n", directory, strerror(errno));
    return 1;
  }
  return 0;
}
