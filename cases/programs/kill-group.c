// Kills around itself by SIGKILL.
//
//   kill-group            everybody in its process group, itself too
//   kill-group parent     its parent; exit 0 if that could be done
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const int parent = argc == 2 && strcmp(argv[1], "parent") == 0;
  if (argc > 1 && !parent) {
    fprintf(stderr, "usage: kill-group [parent]\n");
    return 2;
  }
  if (kill(parent ? getppid() : 0, SIGKILL) != 0) {
    perror("kill-group");
    return 1;
  }
  return 0;
}
