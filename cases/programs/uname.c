// Prints its user's ID, then what uname(2) says; a filter on uname lets the first line through and stops the rest.
//
//   uname     exit 0; exit 2 if uname(2) failed
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(void) {
  printf("ID: %u\n", (unsigned)getuid());
  fflush(stdout);  // a death in uname(2) must not take this line along

  struct utsname name;
  if (uname(&name) != 0) {
    perror("uname failed");
    return 2;
  }
  printf("UNAME SYSNAME:%s\nUNAME RELEASE:%s\n", name.sysname, name.release);
  return 0;
}
