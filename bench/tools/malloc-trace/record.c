// Records the malloc calls of a program, from all its threads, in one order. For glibc.
//
//   gcc -O2 -shared -fPIC -o record.so record.c
//   MALLOC_TRACE_OUT=calls LD_PRELOAD=$PWD/record.so PROGRAM ...     writes calls.PID for each process
//
// ORDER    a malloc is written after it has returned, a free before it begins: of two calls on one address, the later one
//          stands later. A realloc has a record at its begin, with the old address, and one at its end.
//
// RULES
//   1. One spin lock guards the buffer and the file. Nothing is allocated while it is held.
//   2. A forked child records nothing; a program that it then executes records into a file of its own.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// The allocator under its own names: no dlsym, which allocates.
extern void *__libc_malloc(size_t);
extern void __libc_free(void *);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

enum { OP_MALLOC = 1, OP_FREE = 2, OP_REALLOC_BEGIN = 3, OP_REALLOC_END = 4 };

struct record {
  uint32_t op;
  uint32_t thread;
  uint64_t size;
  uint64_t address;
  uint64_t ns;
};

#define RECORDS 8192

static struct record buffer[RECORDS];
static int filled;
static int file = -1;
static volatile int lock;
static int threads;
static __thread uint32_t thread __attribute__((tls_model("initial-exec")));

static void flush_locked(void) {
  const char *at = (const char *)buffer;
  size_t left = filled * sizeof(struct record);
  while (left > 0) {
    ssize_t done = write(file, at, left);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      file = -1;
      break;
    }
    at += done;
    left -= done;
  }
  filled = 0;
}

static void add(uint32_t op, uint64_t size, const void *address) {
  if (file < 0) return;
  int saved = errno;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
  }
  if (thread == 0) thread = ++threads;
  buffer[filled++] = (struct record){op, thread, size, (uintptr_t)address, now.tv_sec * 1000000000ull + now.tv_nsec};
  if (filled == RECORDS) flush_locked();
  __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
  errno = saved;
}

static void stop_in_child(void) {
  file = -1;
  filled = 0;
  lock = 0;
}

__attribute__((constructor)) static void begin(void) {
  const char *out = getenv("MALLOC_TRACE_OUT");
  if (out == NULL) return;
  char path[4096];
  snprintf(path, sizeof path, "%s.%d", out, (int)getpid());
  pthread_atfork(NULL, NULL, stop_in_child);
  file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
}

__attribute__((destructor)) static void end(void) {
  if (file < 0) return;
  while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
  }
  flush_locked();
  // Threads that outlive this go on allocating; what they do is no longer part of the program.
  file = -1;
  __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

void *malloc(size_t size) {
  void *address = __libc_malloc(size);
  if (address != NULL) add(OP_MALLOC, size, address);
  return address;
}

void free(void *address) {
  if (address != NULL) add(OP_FREE, 0, address);
  __libc_free(address);
}

void *calloc(size_t count, size_t size) {
  void *address = __libc_calloc(count, size);
  if (address != NULL) add(OP_MALLOC, count * size, address);
  return address;
}

void *realloc(void *old, size_t size) {
  if (old == NULL) return malloc(size);
  add(OP_REALLOC_BEGIN, size, old);
  void *address = __libc_realloc(old, size);
  add(OP_REALLOC_END, size, address);
  return address;
}

static void *aligned(size_t alignment, size_t size) {
  void *address = __libc_memalign(alignment, size);
  if (address != NULL) add(OP_MALLOC, size, address);
  return address;
}

void *memalign(size_t alignment, size_t size) { return aligned(alignment, size); }

void *aligned_alloc(size_t alignment, size_t size) { return aligned(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  void *address = aligned(alignment, size);
  if (address == NULL) return ENOMEM;
  *result = address;
  return 0;
}
