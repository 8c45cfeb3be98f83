// Stops itself by SIGSTOP; exits with 0 if somebody continues it.
#include <signal.h>

int main(void) { return raise(SIGSTOP); }
