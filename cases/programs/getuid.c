// Prints its user's ID. getuid(2) cannot fail, so libc hands on whatever the kernel returned, unchecked: ERRNO(EPERM) shows
// as the ID -1, ERRNO(ENOSYS) as -38.
//
//   getuid     exit 0; exit 3 if the ID is negative as a signed number
#include <stdio.h>
#include <unistd.h>

int main(void) {
  const int id = (int)getuid();
  if (id < 0) {
    fprintf(stderr, "getuid failed: %d\n", id);
    return 3;
  }
  printf("ID: %d\n", id);
  return 0;
}
