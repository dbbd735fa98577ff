/* Loaded into the program with LD_PRELOAD: counts the calls by which a process changes files below one
 * folder, over all threads, and at the n-th of them does something that the machine could do.
 *
 *   CALL_SHIM_BELOW   the folder; calls on other files are not counted
 *   CALL_SHIM_AT      n, from 1
 *   CALL_SHIM_DO      kill   dies before the call
 *                     tear   dies in the middle of it: half of a write, the whole of anything else
 *                     stop   stands still (SIGSTOP) before the call
 *                     fail   the call answers EIO, once
 *                     full   from here on nothing can be written or made: ENOSPC
 *   CALL_SHIM_LOG     a file that gets one line a call
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum action { KILL, TEAR, STOP, FAIL, FULL };

static const char *below;
static size_t below_length;
static long at = -1;
static enum action action = KILL;
static int log_fd = -1;
static atomic_long calls;

__attribute__((constructor)) static void read_environment(void) {
  below = getenv("CALL_SHIM_BELOW");
  below_length = below ? strlen(below) : 0;
  const char *n = getenv("CALL_SHIM_AT"), *what = getenv("CALL_SHIM_DO"), *log = getenv("CALL_SHIM_LOG");
  if (n) at = strtol(n, NULL, 10);
  static const char *names[] = {"kill", "tear", "stop", "fail", "full"};
  for (int i = 0; what && i < 5; ++i) {
    if (strcmp(what, names[i]) == 0) action = (enum action)i;
  }
  if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

/* Writes the whole path of a call's file into `full`; whether it lies below the folder. */
static int is_ours(int folder, const char *path, char full[PATH_MAX]) {
  if (path && path[0] == '/') {
    snprintf(full, PATH_MAX, "%s", path);
  } else {
    char link[64];
    if (folder == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const ssize_t n = readlink(link, full, PATH_MAX - 1);
    if (n < 0) return 0;
    full[n] = '\0';
    if (path) {
      strncat(full, "/", PATH_MAX - strlen(full) - 1);
      strncat(full, path, PATH_MAX - strlen(full) - 1);
    }
  }
  return below && strncmp(full, below, below_length) == 0;
}

enum verdict { GO_ON, HALFWAY, REFUSE };

/* What is to become of this call. `makes` is true where it needs room on the disk. */
static enum verdict judge(const char *name, int folder, const char *path, int makes) {
  char full[PATH_MAX];
  if (!is_ours(folder, path, full)) return GO_ON;
  const long n = ++calls;
  if (log_fd >= 0) {
    char line[PATH_MAX + 64];
    const int length = snprintf(line, sizeof line, "%ld %s %s\n", n, name, full + below_length);
    if (syscall(SYS_write, log_fd, line, (size_t)length) < 0) return GO_ON;
  }
  if (at < 0) return GO_ON;
  if (action == FULL && n >= at && makes) {
    errno = ENOSPC;
    return REFUSE;
  }
  if (n != at) return GO_ON;
  switch (action) {
    case KILL:
      die();
      break;
    case TEAR:
      return HALFWAY;
    case STOP:
      syscall(SYS_kill, getpid(), SIGSTOP);
      break;
    case FAIL:
      errno = EIO;
      return REFUSE;
    case FULL:
      break;
  }
  return GO_ON;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP(name, folder, path, makes, call)               \
  do {                                                      \
    const enum verdict v = judge(#name, folder, path, makes); \
    if (v == REFUSE) return -1;                             \
    __typeof__(call) result = call;                         \
    if (v == HALFWAY) die();                                \
    return result;                                          \
  } while (0)

int link(const char *from, const char *to) {
  WRAP(link, AT_FDCWD, to, 1, NEXT(link)(from, to));
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
  WRAP(linkat, b, to, 1, NEXT(linkat)(a, from, b, to, flags));
}
int rename(const char *from, const char *to) {
  WRAP(rename, AT_FDCWD, to, 1, NEXT(rename)(from, to));
}
int renameat(int a, const char *from, int b, const char *to) {
  WRAP(renameat, b, to, 1, NEXT(renameat)(a, from, b, to));
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  WRAP(renameat2, b, to, 1, NEXT(renameat2)(a, from, b, to, flags));
}
int unlink(const char *path) {
  WRAP(unlink, AT_FDCWD, path, 0, NEXT(unlink)(path));
}
int unlinkat(int folder, const char *path, int flags) {
  WRAP(unlinkat, folder, path, 0, NEXT(unlinkat)(folder, path, flags));
}
int remove(const char *path) {
  WRAP(remove, AT_FDCWD, path, 0, NEXT(remove)(path));
}
int rmdir(const char *path) {
  WRAP(rmdir, AT_FDCWD, path, 0, NEXT(rmdir)(path));
}
int mkdir(const char *path, mode_t mode) {
  WRAP(mkdir, AT_FDCWD, path, 1, NEXT(mkdir)(path, mode));
}
int mkdirat(int folder, const char *path, mode_t mode) {
  WRAP(mkdirat, folder, path, 1, NEXT(mkdirat)(folder, path, mode));
}
int fsync(int fd) {
  WRAP(fsync, fd, NULL, 0, NEXT(fsync)(fd));
}
int fdatasync(int fd) {
  WRAP(fdatasync, fd, NULL, 0, NEXT(fdatasync)(fd));
}
int ftruncate(int fd, off_t length) {
  WRAP(ftruncate, fd, NULL, 1, NEXT(ftruncate)(fd, length));
}

#define WRITE(name, call, half)                             \
  do {                                                      \
    switch (judge(#name, fd, NULL, 1)) {                    \
      case REFUSE:                                          \
        return -1;                                          \
      case HALFWAY:                                         \
        if (half >= 0) die();                               \
        return -1;                                          \
      default:                                              \
        return call;                                        \
    }                                                       \
  } while (0)

ssize_t write(int fd, const void *bytes, size_t n) {
  WRITE(write, NEXT(write)(fd, bytes, n), NEXT(write)(fd, bytes, n / 2));
}
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t where) {
  WRITE(pwrite, NEXT(pwrite)(fd, bytes, n, where), NEXT(pwrite)(fd, bytes, n / 2, where));
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t where) {
  WRITE(pwrite64, NEXT(pwrite64)(fd, bytes, n, where), NEXT(pwrite64)(fd, bytes, n / 2, where));
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITE(writev, NEXT(writev)(fd, parts, count), NEXT(writev)(fd, parts, (count + 1) / 2));
}

#define OPEN(name, folder, path, call)                                             \
  do {                                                                             \
    mode_t mode = 0;                                                               \
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {                                           \
      va_list arguments;                                                           \
      va_start(arguments, flags);                                                  \
      mode = va_arg(arguments, mode_t);                                            \
      va_end(arguments);                                                           \
    }                                                                              \
    const enum verdict v = flags & O_CREAT ? judge(#name, folder, path, 1) : GO_ON; \
    if (v == REFUSE) return -1;                                                    \
    const int result = call;                                                       \
    if (v == HALFWAY) die();                                                       \
    return result;                                                                 \
  } while (0)

int open(const char *path, int flags, ...) {
  OPEN(open, AT_FDCWD, path, NEXT(open)(path, flags, mode));
}
int open64(const char *path, int flags, ...) {
  OPEN(open64, AT_FDCWD, path, NEXT(open64)(path, flags, mode));
}
int openat(int folder, const char *path, int flags, ...) {
  OPEN(openat, folder, path, NEXT(openat)(folder, path, flags, mode));
}
int openat64(int folder, const char *path, int flags, ...) {
  OPEN(openat64, folder, path, NEXT(openat64)(folder, path, flags, mode));
}
