// The allocator patterns of ../src/patterns on native threads: what the machine's malloc does with the same steps.
//
//   patterns PATTERN THREADS WARM_UP_MS MEASURE_MS SEED        prints one line of JSON
//
// Sizes, counts and probabilities are those of the files there; keep them so. Run it under another malloc with LD_PRELOAD.
// An object holds its stamp in its first word and the complement in its last, and both are checked before each free.

#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIZE_MIN = 8, SIZE_MAX_HEAVY = 4096, THREADS_MAX = 256 };
enum { WARM_UP = 0, MEASURE = 1, STOP = 2 };
enum { BATCH_STEPS = 64 };

struct record {
  atomic_int owner;
  uint32_t stamp;
  size_t size;
  unsigned char *object;
};

struct worker {
  _Alignas(64) int index;
  uint32_t random;
  uint32_t stamps;
  uint64_t operations;
  uint64_t verified;
  double seconds;
  // What a pattern keeps.
  int block;
  int left;
  int ending;
  uint32_t count;
};

struct ring {
  _Alignas(64) atomic_uint put;
  _Alignas(64) atomic_uint taken;
};

static int threads;
static struct record *table;
static struct ring rings[THREADS_MAX];
static atomic_int phase;
static unsigned char background[SIZE_MAX_HEAVY];
static int (*step)(struct worker *);

static uint32_t next(struct worker *own) {
  uint32_t state = own->random;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return own->random = state;
}

static uint32_t below(struct worker *own, uint32_t limit) { return ((uint64_t)next(own) * limit) >> 32; }

static double uniform(struct worker *own) { return next(own) / 4294967296.0; }

static size_t heavy_tailed_size(struct worker *own) {
  double u = uniform(own);
  size_t size = SIZE_MIN * exp2(9 * u * u);
  return size > SIZE_MAX_HEAVY ? SIZE_MAX_HEAVY : size;
}

static uint32_t *last_word(unsigned char *object, size_t size) {
  return (uint32_t *)(object + (((size >> 2) - 1) << 2));
}

static void fill(struct worker *own, struct record *at) {
  at->stamp = ++own->stamps << 8 | (own->index + 1);
  memcpy(at->object, background, at->size);
  *(uint32_t *)at->object = at->stamp;
  *last_word(at->object, at->size) = ~at->stamp;
}

static int put(struct worker *own, struct record *at, size_t size) {
  at->object = malloc(size);
  if (at->object == NULL) abort();
  at->size = size;
  fill(own, at);
  return 1;
}

static int drop(struct worker *own, struct record *at) {
  // For 8 bytes and more both words exist, and are different ones.
  if (*(uint32_t *)at->object != at->stamp || *last_word(at->object, at->size) != ~at->stamp) {
    fprintf(stderr, "an object of %zu bytes is not what it was\n", at->size);
    exit(2);
  }
  own->verified++;
  free(at->object);
  at->object = NULL;
  return 1;
}

static int try_own(struct record *at) {
  int empty = 0;
  return atomic_compare_exchange_strong(&at->owner, &empty, 1);
}

static void disown(struct record *at) { atomic_store(&at->owner, 0); }

// larson.ts
enum { BLOCK = 1000, BLOCKS_PER_WORKER = 2, LARSON_MAX = 500, TENURE = 2000 };

static int own_block(int start) {
  int blocks = threads * BLOCKS_PER_WORKER;
  int block = start % blocks;
  while (!try_own(&table[block * BLOCK])) block = (block + 1) % blocks;
  return block;
}

static int larson(struct worker *own) {
  if (own->block < 0) {
    own->block = own_block(own->index * BLOCKS_PER_WORKER);
    own->left = TENURE;
  }
  if (--own->left == 0) {
    own->left = TENURE;
    disown(&table[own->block * BLOCK]);
    own->block = own_block(own->block + 1);
  }
  struct record *at = &table[own->block * BLOCK + below(own, BLOCK)];
  int done = at->object == NULL ? 0 : drop(own, at);
  return done + put(own, at, SIZE_MIN + below(own, LARSON_MAX - SIZE_MIN + 1));
}

// xmalloc-test.ts
enum { RING = 2048, RING_MAX = 256, ALONE = 64 };

static int produce(struct worker *own, int number) {
  struct ring *ring = &rings[number];
  unsigned put_count = atomic_load_explicit(&ring->put, memory_order_relaxed);
  if (put_count - atomic_load(&ring->taken) >= RING) return 0;
  put(own, &table[number * RING + (put_count & (RING - 1))], SIZE_MIN + below(own, RING_MAX - SIZE_MIN + 1));
  atomic_store(&ring->put, put_count + 1);
  return 1;
}

static int consume(struct worker *own, int number) {
  struct ring *ring = &rings[number];
  unsigned taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
  if (atomic_load(&ring->put) == taken) return 0;
  drop(own, &table[number * RING + (taken & (RING - 1))]);
  atomic_store(&ring->taken, taken + 1);
  return 1;
}

static int xmalloc_test(struct worker *own) {
  int number = own->index >> 1;
  if (own->index % 2 == 0 && own->index + 1 == threads) {
    return own->count++ % (2 * ALONE) < ALONE ? produce(own, number) : consume(own, number);
  }
  return own->index % 2 == 0 ? produce(own, number) : consume(own, number);
}

// alloc-test.ts
enum { ALLOC_RECORDS = 2048 };

static int alloc_test(struct worker *own) {
  double u = uniform(own);
  struct record *at = &table[own->index * ALLOC_RECORDS + (int)(ALLOC_RECORDS * u * u * u)];
  return at->object != NULL ? drop(own, at) : put(own, at, heavy_tailed_size(own));
}

// mstress.ts
enum { OWN_RECORDS = 1000, SHARED_RECORDS = 1000, KEPT_EVERY = 8, ROUND = 8000 };

static int end_round(struct worker *own) {
  while (own->ending < OWN_RECORDS) {
    int index = own->ending++;
    struct record *at = &table[own->index * OWN_RECORDS + index];
    if (index % KEPT_EVERY != 0 && at->object != NULL) return drop(own, at);
  }
  return 0;
}

static int mstress(struct worker *own) {
  if (own->left == 0) {
    own->left = ROUND;
    own->ending = OWN_RECORDS;
  }
  if (own->ending < OWN_RECORDS) return end_round(own);
  if (--own->left == 0) {
    own->left = ROUND;
    own->ending = 0;
  }
  struct record *at = &table[own->index * OWN_RECORDS + below(own, OWN_RECORDS)];
  uint32_t dice = below(own, 4);
  if (dice == 0) {
    struct record *other = &table[threads * OWN_RECORDS + below(own, SHARED_RECORDS)];
    if (!try_own(other)) return 0;
    struct record kept = {0, at->stamp, at->size, at->object};
    at->stamp = other->stamp, at->size = other->size, at->object = other->object;
    other->stamp = kept.stamp, other->size = kept.size, other->object = kept.object;
    disown(other);
    return 0;
  }
  if (at->object == NULL) return put(own, at, heavy_tailed_size(own));
  return dice == 1 ? drop(own, at) : 0;
}

// cache-lines.ts
enum { WRITES = 100, APART = 8 };

static int cache_lines(struct worker *own) {
  struct record *at = &table[own->index * APART];
  int done = at->object == NULL ? 0 : drop(own, at);
  put(own, at, SIZE_MIN);
  for (int count = 0; count < WRITES; count++) {
    fill(own, at);
    // Each write is made, as a call of a pool's write is.
    __asm__ volatile("" ::: "memory");
  }
  return done + 1 + WRITES;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static uint64_t work_until_next(struct worker *own, int which) {
  uint64_t operations = 0;
  do {
    uint64_t batch = 0;
    for (int count = 0; count < BATCH_STEPS; count++) batch += step(own);
    if (batch == 0) nanosleep(&(struct timespec){0, 50000}, NULL);
    operations += batch;
  } while (atomic_load(&phase) == which);
  return operations;
}

static void *run(void *argument) {
  struct worker *own = argument;
  work_until_next(own, WARM_UP);
  double start = now();
  own->operations = work_until_next(own, MEASURE);
  own->seconds = now() - start;
  return NULL;
}

static void sleep_ms(int ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000l}, NULL); }

static size_t choose(const char *name) {
  if (strcmp(name, "larson") == 0) return step = larson, (size_t)threads * BLOCKS_PER_WORKER * BLOCK;
  if (strcmp(name, "xmalloc-test") == 0) return step = xmalloc_test, (size_t)(threads + 1) / 2 * RING;
  if (strcmp(name, "alloc-test") == 0) return step = alloc_test, (size_t)threads * ALLOC_RECORDS;
  if (strcmp(name, "mstress") == 0) return step = mstress, (size_t)threads * OWN_RECORDS + SHARED_RECORDS;
  if (strncmp(name, "cache-", 6) == 0) return step = cache_lines, (size_t)threads * APART;
  return 0;
}

int main(int count, char **argv) {
  if (count != 6) return fprintf(stderr, "usage: patterns PATTERN THREADS WARM_UP_MS MEASURE_MS SEED\n"), 1;
  threads = atoi(argv[2]);
  size_t records = threads < 1 || threads > THREADS_MAX ? 0 : choose(argv[1]);
  if (records == 0) return fprintf(stderr, "no such pattern, or not 1 to %d threads\n", THREADS_MAX), 1;
  table = calloc(records, sizeof *table);
  for (int at = 0; at < SIZE_MAX_HEAVY; at++) background[at] = (at * 131) ^ (at >> 5);
  static struct worker workers[THREADS_MAX];
  pthread_t handles[THREADS_MAX];
  struct worker first = {.index = -1};
  if (strcmp(argv[1], "cache-scratch") == 0) {
    for (int index = 0; index < threads; index++) put(&first, &table[index * APART], SIZE_MIN);
  }
  for (int index = 0; index < threads; index++) {
    workers[index] = (struct worker){.index = index, .block = -1};
    workers[index].random = (atoi(argv[5]) + index) * 0x9e3779b1u | 1;
    pthread_create(&handles[index], NULL, run, &workers[index]);
  }
  sleep_ms(atoi(argv[3]));
  atomic_store(&phase, MEASURE);
  sleep_ms(atoi(argv[4]));
  atomic_store(&phase, STOP);
  double rate = 0;
  uint64_t verified = 0;
  for (int index = 0; index < threads; index++) {
    pthread_join(handles[index], NULL);
    rate += workers[index].operations / workers[index].seconds;
    verified += workers[index].verified;
  }
  for (size_t at = 0; at < records; at++) if (table[at].object != NULL) drop(&first, &table[at]);
  printf("{\"opsPerSecond\":%.0f,\"verified\":%llu}\n", rate, (unsigned long long)(verified + first.verified));
  return 0;
}
