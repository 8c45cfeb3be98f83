// Writes to stdout and to stderr in turn: lines of 'o' and lines of 'e'.
//
//   flood BYTES     to each of the two; 0 means until it is stopped
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { line_size = 4096 };

static int put(int fd, const char* line, size_t length) {
  while (length > 0) {
    const ssize_t written = write(fd, line, length);
    if (written < 0 && errno != EINTR) return -1;
    if (written > 0) {
      line += written;
      length -= (size_t)written;
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  char* end = NULL;
  const unsigned long long bytes = argc == 2 ? strtoull(argv[1], &end, 10) : 0;
  if (end == NULL || end == argv[1] || *end != '\0') {
    fprintf(stderr, "usage: flood BYTES (0: forever)\n");
    return 2;
  }
  char out[line_size];
  char err[line_size];
  memset(out, 'o', sizeof out);
  memset(err, 'e', sizeof err);
  out[line_size - 1] = err[line_size - 1] = '\n';

  for (unsigned long long left = bytes; bytes == 0 || left > 0;) {
    const size_t length = bytes == 0 || left > line_size ? line_size : (size_t)left;
    if (put(STDOUT_FILENO, out, length) != 0 || put(STDERR_FILENO, err, length) != 0) return 1;
    if (bytes != 0) left -= length;
  }
  return 0;
}
