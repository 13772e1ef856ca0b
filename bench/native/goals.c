// The workloads of ../src/goals/kernels.ts on native threads: what the machine's malloc does with the same steps.
//
//   goals WORKLOAD THREADS WARM_UP_MS MEASURE_MS        prints one line of JSON
//
// Sizes, counts and the generator are those of the kernels there; keep them so. Run it under another malloc with LD_PRELOAD.

#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64, KEPT = 32, CURVE = 4096, RING = 2048, RING_BATCH = 64, ACCESSED = 256, LARGEST = 4096 };
enum { WARM_UP = 0, MEASURE = 1, STOP = 2 };

// What a compiler may not see through: the object is used, and each write is made.
#define USED(object) __asm__ volatile("" : : "r"(object) : "memory")

struct worker {
  _Alignas(64) int index;
  uint32_t random;
  uint32_t mine;
  uint64_t operations;
  void **slots;
  unsigned char *last;
  unsigned char source[LARGEST], target[LARGEST], written[ACCESSED];
};

static _Atomic(void *) shared[4096];
static _Alignas(64) atomic_uint ring_put;
static _Alignas(64) atomic_uint ring_taken;
static void *ring[RING];
static int size_at[CURVE], slot_at[CURVE];
static size_t cycle_bytes;
static atomic_int phase;
static atomic_int ready;
static uint64_t (*run)(struct worker *);

static uint32_t next(struct worker *own) { return own->random = own->random * 1664525u + 1013904223u; }

static void wrong(void) { fprintf(stderr, "an object is not what was written\n"), exit(2); }

static void *allocate(size_t size) {
  void *object = malloc(size);
  if (object == NULL) abort();
  USED(object);
  return object;
}

static void keep_some(size_t size) {
  void *all[KEPT];
  for (int index = 0; index < KEPT; index++) all[index] = allocate(size);
  for (int index = 0; index < KEPT; index += 2) free(all[index]);
}

static uint64_t pair(struct worker *own) {
  (void)own;
  for (int count = 0; count < 2000; count++) free(allocate(100));
  return 4000;
}

static uint64_t larson(struct worker *own) {
  uint64_t operations = 2000;
  for (int count = 0; count < 2000; count++) {
    void **slot = &own->slots[(next(own) >> 10) & 1023];
    if (*slot != NULL) free(*slot), operations++;
    *slot = allocate(16 + (next(own) >> 12) % 497);
  }
  return operations;
}

static uint64_t larson_shared(struct worker *own) {
  uint64_t operations = 2000;
  for (int count = 0; count < 2000; count++) {
    uint32_t slot = (next(own) >> 8) & 4095;
    void *old = atomic_exchange(&shared[slot], allocate(16 + (next(own) >> 12) % 497));
    if (old != NULL) free(old), operations++;
  }
  return operations;
}

static uint64_t produce(struct worker *own) {
  if (own->mine - atomic_load(&ring_taken) > RING - RING_BATCH) return 0;
  for (int count = 0; count < RING_BATCH; count++) {
    ring[(own->mine + count) & (RING - 1)] = allocate(8 + (next(own) >> 12) % 249);
  }
  atomic_store(&ring_put, own->mine += RING_BATCH);
  return RING_BATCH;
}

static uint64_t consume(struct worker *own) {
  if (atomic_load(&ring_put) == own->mine) return 0;
  for (int count = 0; count < RING_BATCH; count++) {
    void **slot = &ring[(own->mine + count) & (RING - 1)];
    free(*slot), *slot = NULL;
  }
  atomic_store(&ring_taken, own->mine += RING_BATCH);
  return RING_BATCH;
}

static uint64_t xmalloc_test(struct worker *own) {
  uint64_t operations = 0;
  for (int count = 0; count < 32; count++) operations += own->index % 2 == 0 ? produce(own) : consume(own);
  return operations;
}

static uint64_t alloc_test(struct worker *own) {
  for (int count = 0; count < 4000; count++) {
    void **slot = &own->slots[slot_at[next(own) >> 20]];
    if (*slot != NULL) free(*slot), *slot = NULL;
    else *slot = allocate(size_at[next(own) >> 20]);
  }
  return 4000;
}

static uint64_t mstress(struct worker *own) {
  uint64_t operations = 0;
  for (int count = 0; count < 8000; count++) {
    uint32_t state = next(own);
    void **slot = &own->slots[(state >> 8) % 1000];
    uint32_t dice = state >> 30;
    if (dice == 0) *slot = atomic_exchange(&shared[(next(own) >> 8) % 1000], *slot);
    else if (*slot == NULL) *slot = allocate(size_at[next(own) >> 20]), operations++;
    else if (dice == 1) free(*slot), *slot = NULL, operations++;
  }
  for (int slot = 0; slot < 1000; slot++) {
    if (slot % 8 != 0 && own->slots[slot] != NULL) free(own->slots[slot]), own->slots[slot] = NULL, operations++;
  }
  return operations;
}

static uint64_t cache_lines(struct worker *own) {
  for (int count = 0; count < 16; count++) {
    free(own->last);
    own->last = allocate(8);
    for (int write = 1; write <= 100; write++) {
      own->source[0] = write;
      memcpy(own->last, own->source, 8);
      USED(own->last);
    }
  }
  if (own->last[0] != 100) wrong();
  return 16;
}

static uint64_t cycle(struct worker *own) {
  size_t size = cycle_bytes;
  for (int count = 0; count < 500; count++) {
    own->source[0] = count, own->source[size - 1] = count + 1;
    unsigned char *object = allocate(size);
    memcpy(object, own->source, size);
    USED(object);
    memcpy(own->target, object, size);
    USED(own->target);
    free(object);
    if (own->target[0] != (count & 255) || own->target[size - 1] != ((count + 1) & 255)) wrong();
  }
  return 500;
}

static uint64_t access_objects(struct worker *own) {
  for (int count = 0; count < 1000; count++) {
    uint32_t state = next(own);
    unsigned read = (state >> 8) & 255, write = (state >> 16) & 255;
    memcpy(own->target, own->slots[read], 100);
    USED(own->target);
    if (own->target[0] != own->written[read]) wrong();
    own->source[0] = count, own->written[write] = count;
    memcpy(own->slots[write], own->source, 100);
    USED(own->slots[write]);
  }
  return 2000;
}

static int choose(const char *name) {
  static const struct { const char *name; uint64_t (*run)(struct worker *); size_t bytes; } all[] = {
    {"pair", pair, 100}, {"larson", larson, 0}, {"larson-shared", larson_shared, 0}, {"xmalloc-test", xmalloc_test, 0},
    {"alloc-test", alloc_test, 0}, {"mstress", mstress, 0}, {"cache-scratch", cache_lines, 0},
    {"cache-thrash", cache_lines, 0}, {"cycle-100", cycle, 100}, {"cycle-1000", cycle, 1000},
    {"cycle-4000", cycle, 4000}, {"access-100", access_objects, 0},
  };
  for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
    if (strcmp(all[at].name, name) == 0) return run = all[at].run, cycle_bytes = all[at].bytes, 1;
  }
  return 0;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void sleep_us(long us) { nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL); }

static uint64_t run_until_next(struct worker *own, int which) {
  uint64_t operations = 0;
  do {
    uint64_t done = run(own);
    if (done == 0) sleep_us(20);
    operations += done;
  } while (atomic_load(&phase) == which);
  return operations;
}

static void *work(void *argument) {
  struct worker *own = argument;
  if (cycle_bytes > 0) keep_some(cycle_bytes);
  if (run == access_objects) {
    for (int at = 0; at < ACCESSED; at++) own->slots[at] = memset(allocate(100), 1, 100);
    memset(own->written, 1, ACCESSED);
  }
  atomic_fetch_add(&ready, 1);
  run_until_next(own, WARM_UP);
  own->operations = run_until_next(own, MEASURE);
  return NULL;
}

int main(int count, char **argv) {
  int threads = count == 5 ? atoi(argv[2]) : 0;
  if (threads < 1 || threads > THREADS_MAX || !choose(argv[1])) {
    return fprintf(stderr, "usage: goals WORKLOAD THREADS WARM_UP_MS MEASURE_MS\n"), 1;
  }
  for (int at = 0; at < CURVE; at++) {
    double share = at / (double)CURVE;
    int size = 8 * exp2(9 * share * share);
    size_at[at] = size > 4000 ? 4000 : size;
    slot_at[at] = 2048 * share * share * share;
  }
  static struct worker workers[THREADS_MAX];
  pthread_t handles[THREADS_MAX];
  for (int index = 0; index < threads; index++) {
    struct worker *own = &workers[index];
    own->index = index, own->random = index * 991 + 7;
    own->slots = calloc(2048, sizeof *own->slots);
    if (strcmp(argv[1], "cache-scratch") == 0) own->last = allocate(8);
  }
  for (int index = 0; index < threads; index++) pthread_create(&handles[index], NULL, work, &workers[index]);
  while (atomic_load(&ready) < threads) sleep_us(100);
  sleep_us(atol(argv[3]) * 1000);
  atomic_store(&phase, MEASURE);
  double start = now();
  sleep_us(atol(argv[4]) * 1000);
  double seconds = now() - start;
  atomic_store(&phase, STOP);
  uint64_t operations = 0;
  for (int index = 0; index < threads; index++) {
    pthread_join(handles[index], NULL);
    operations += workers[index].operations;
  }
  printf("{\"opsPerSecond\":%.0f,\"operations\":%llu}\n", operations / seconds, (unsigned long long)operations);
  return 0;
}
