// malloc, free, readBegin and readEnd of a pool, in AssemblyScript, on the pool's own words.
//
// The steps are those of core's hot-paths.ts, read-path.ts and, by strategy, strategy/pool-lock.ts, validating.ts and
// own-lines.ts, with the spin mutex, the spin rwlock and the preemptible atomic lock written out; each has its explanation
// there. What is rare returns FALLBACK with nothing changed, and JavaScript does the call.
//
//   strategy            hasPoolLock  hasMarks  a reader in a zspage's word
//   spin                1            0         1 << 12
//   preemptibleDirect   0            0         1 << 10
//   bigReader           0            1         is not counted there
//
// Addresses are bytes: the pool lies at 0. Atomic operations of wasm are sequentially consistent, like those of JavaScript.

const FALLBACK: i32 = -1;
/** A reader in the word of the pool lock. */
const POOL_READER: i32 = 1 << 12;
const OWNER: i32 = 0xff;
/** OWNER | WAITING | FULL | RECOUNT: what keeps a newcomer from reading. A preemptible lock has no WAITING, and that bit is 0. */
const CLOSED: i32 = OWNER | (1 << 8) | (1 << 29) | (1 << 31);
/** Of an entry of the read table: above it, the lock's word index << 2, which is its address. */
const ENTERING: i32 = 1;
const INSIDE: i32 = 2;
const LEAVING: i32 = 3;
const LENGTH_MASK: i32 = 0x1ffff;
const CELL_RETIRED: i32 = 1 << 29;
const CELL_FREE: i32 = 1 << 30;
const HANDLE_MASK: i32 = (1 << 30) - 1;
const HEADER_BYTES: i32 = 8;
/** Of a page's record: its `link`, a huge object's header. */
const PAGE_LINK: i32 = 4;
const PAGE_BYTES: i32 = 4096;
const IN_PAGE: i32 = PAGE_BYTES - 1;
const OWNER_SHIFT: i32 = 9;
const CLASS_MASK: i32 = (1 << OWNER_SHIFT) - 1;
const COUNT_MASK: i32 = 0xfff;
const GROUP_SHIFT: i32 = 24;
const BYTES_UNIT: i32 = 1 << 30;

// What `setup` is given, in the order of src/setup.ts. `hasPoolLock` to `pagesMax` are numbers, the rest addresses and strides
// in bytes.
let hasPoolLock: i32, hasMarks: i32, reader: i32, me: i32, key: i32, indexBits: i32, cellMask: i32, huge: i32, keepCells: i32, roomMask: i32, pagesMax: i32;
let alarm: i32, disturbed: i32, pool: i32, locks: i32, lockStride: i32, classes: i32, classStride: i32, pages: i32;
let pageStride: i32, zspages: i32, zspageStride: i32, zspageUsage: i32, zspageFreeHead: i32, directory: i32;
let groupMask: i32, groupHeads: i32, inuse: i32, bytesLow: i32, cellHead: i32, cellTail: i32, cellCount: i32, pending: i32;
let lookup: i32, read: i32, mark: i32, lastMalloc: i32;
let ofRequest: i32, sizeBytes: i32, groups: i32, groupBase: i32, found: i32;
/** The lock of the zspage that the kernel's read is in, or 0. */
let reading: i32 = 0;

let next: i32;
function take(): i32 {
  next += 4;
  return load<i32>(next - 4);
}

export function setup(at: i32): void {
  next = at;
  hasPoolLock = take(); hasMarks = take(); reader = take();
  me = take(); key = take(); indexBits = take(); cellMask = take(); huge = take(); keepCells = take(); roomMask = take();
  pagesMax = take();
  alarm = take(); disturbed = take(); pool = take(); locks = take(); lockStride = take(); classes = take();
  classStride = take(); pages = take(); pageStride = take(); zspages = take(); zspageStride = take();
  zspageUsage = take(); zspageFreeHead = take(); directory = take(); groupMask = take(); groupHeads = take();
  inuse = take(); bytesLow = take(); cellHead = take(); cellTail = take(); cellCount = take(); pending = take();
  lookup = take(); read = take(); mark = take(); lastMalloc = take();
  ofRequest = take(); sizeBytes = take(); groups = take(); groupBase = take(); found = take();
}

/** The magic number of the pool is an alarm that never ends. */
export function close(): void {
  alarm = 0;
}

// Under the class lock: what changes lists of zspages, the stock of cells, or the high word of a count.
@external("env", "regroup") declare function regroup(ordinal: i32, zspage: i32): void;
@external("env", "giveBackCells") declare function giveBackCells(base: i32): void;
@external("env", "carry") declare function carry(base: i32): void;
/** Somebody waits for the class lock. */
@external("env", "unlockSlow") declare function unlockSlow(ordinal: i32): void;

@inline function tryLock(ordinal: i32): bool {
  return atomic.cmpxchg<i32>(locks + ordinal * lockStride, 0, me) == 0;
}

@inline function unlock(ordinal: i32): void {
  if (atomic.cmpxchg<i32>(locks + ordinal * lockStride, me, 0) != me) unlockSlow(ordinal);
}

/** Ends an entry of the read table: core's read-table.ts, rule 2. */
@inline function left(entry: i32): void {
  if (load<i32>(alarm) == 0) {
    store<i32>(entry, 0);
    return;
  }
  atomic.add<i32>(disturbed, 1);
  atomic.store<i32>(entry, 0);
}

/** Enters a reader count, and says so; false, as before, when somebody is in the way. */
function enter(entry: i32, lock: i32, one: i32): bool {
  store<i32>(entry, lock | ENTERING);
  if ((atomic.add<i32>(lock, one) & CLOSED) != 0) {
    atomic.sub<i32>(lock, one);
    left(entry);
    return false;
  }
  store<i32>(entry, lock | INSIDE);
  return true;
}

function leave(entry: i32, lock: i32, one: i32): void {
  store<i32>(entry, lock | LEAVING);
  atomic.sub<i32>(lock, one);
  left(entry);
}

@inline function enterPool(): bool { return hasPoolLock == 0 || enter(lookup, pool, POOL_READER); }
@inline function leavePool(): void { if (hasPoolLock != 0) leave(lookup, pool, POOL_READER); }

/** Enters a zspage; false, as before, when somebody is in the way. */
@inline function enterZspage(lock: i32): bool {
  if (hasMarks == 0) return enter(read, lock, reader);
  // order: sequentially consistent, pairs with the scan of a mover: own-lines.ts, rule 1.
  atomic.store<i32>(mark, lock >>> 2);
  if ((atomic.load<i32>(lock) & OWNER) == 0) return true;
  atomic.store<i32>(mark, 0);
  return false;
}

@inline function leaveZspage(lock: i32): void {
  if (hasMarks == 0) leave(read, lock, reader);
  else atomic.store<i32>(mark, 0);
}

/** Of a page that there is: a stray write may have made it any. */
@inline function isLocation(value: i32): bool {
  return value > 0 && value < CELL_RETIRED && value >>> indexBits < pagesMax;
}
/** A handle's cell, by its number. */
@inline function cellAddress(cell: i32): i32 {
  return (load<i32>(directory + ((cell >>> 10) << 2)) << 12) + ((cell & 1023) << 2);
}
@inline function pageAddress(location: i32): i32 { return pages + (location >>> indexBits) * pageStride; }
@inline function sizeOf(ordinal: i32): i32 { return load<i32>(sizeBytes + (ordinal << 2)); }
@inline function slotAddress(location: i32, size: i32): i32 {
  return ((location >>> indexBits) << 12) + (((location & ((1 << indexBits) - 1)) * size) & IN_PAGE);
}
@inline function groupOf(ordinal: i32, count: i32): i32 {
  return <i32>load<u8>(groups + load<i32>(groupBase + (ordinal << 2)) + (count & COUNT_MASK));
}
@inline function add(at: i32, value: i32): void { store<i32>(at, load<i32>(at) + value); }

/** A handle, or FALLBACK. */
export function allocate(bytes: i32): i32 {
  if (bytes < 1 || bytes > PAGE_BYTES || load<i32>(alarm) != 0) return FALLBACK;
  const ordinal = <i32>load<u16>(ofRequest + (((bytes + 7) >>> 3) << 1));
  if (ordinal == huge || !tryLock(ordinal)) return FALLBACK;
  const base = classes + ordinal * classStride;
  const cell = load<i32>(base + cellHead);
  const withRoom = load<i32>(base + groupMask) & roomMask;
  if (cell == 0 || withRoom == 0) { unlock(ordinal); return FALLBACK; }
  const group = 31 - clz(withRoom);
  const zspage = load<i32>(base + groupHeads + (group << 2));
  const record = zspages + zspage * zspageStride;
  const location = load<i32>(record + zspageFreeHead);
  if (location == 0) { unlock(ordinal); return FALLBACK; }

  const cellAt = cellAddress(cell);
  const value = load<i32>(cellAt);
  const raw = (value & HANDLE_MASK & ~cellMask) | cell;
  const tagged = (raw << 1) | 1;
  store<i32>(base + pending, tagged);
  const slot = slotAddress(location, sizeOf(ordinal));
  store<i32>(record + zspageFreeHead, load<i32>(slot) >>> 1);
  const used = load<i32>(record + zspageUsage) + 1;
  store<i32>(record + zspageUsage, used);
  if (groupOf(ordinal, used) != group) regroup(ordinal, zspage);

  const following = value & cellMask;
  store<i32>(base + cellHead, following);
  if (following == 0) store<i32>(base + cellTail, 0);
  add(base + cellCount, -1);
  store<i32>(slot, tagged);
  store<i32>(slot + 4, bytes);
  add(base + inuse, 1);
  const low = load<i32>(base + bytesLow) + bytes;
  store<i32>(base + bytesLow, low);
  if (low >= BYTES_UNIT) carry(base);
  store<i32>(cellAt, location);
  store<i32>(lastMalloc, tagged);
  store<i32>(base + pending, 0);
  unlock(ordinal);
  return raw ^ key;
}

/** Address of the cell that a handle names; 0 for none, and while an alarm is on. */
@inline function cellOf(handle: i32): i32 {
  if (handle <= 0 || handle > HANDLE_MASK || load<i32>(alarm) != 0) return 0;
  const cell = (handle ^ key) & cellMask;
  const cells = load<i32>(directory + ((cell >>> 10) << 2));
  return cells == 0 ? 0 : (cells << 12) + ((cell & 1023) << 2);
}

/** 0, or FALLBACK. */
export function free(handle: i32): i32 {
  const cellAt = cellOf(handle);
  if (cellAt == 0 || !enterPool()) return FALLBACK;
  const raw = handle ^ key;
  const cell = raw & cellMask;
  // Without the pool lock a hint: cell and owner are looked at again under the class lock.
  const location = load<i32>(cellAt);
  const page = isLocation(location) ? pageAddress(location) : 0;
  const hint = page == 0 ? 0 : load<i32>(page);
  const ordinal = hint & CLASS_MASK;
  if (hint == 0 || ordinal >= huge || !tryLock(ordinal)) { leavePool(); return FALLBACK; }
  leavePool();
  const owner = load<i32>(page);
  const zspage = owner >>> OWNER_SHIFT;
  const slot = slotAddress(location, sizeOf(ordinal));
  if (
    load<i32>(cellAt) != location || (owner & CLASS_MASK) != ordinal || zspage > pagesMax ||
    load<i32>(slot) != ((raw << 1) | 1)
  ) {
    unlock(ordinal);
    return FALLBACK;
  }

  const base = classes + ordinal * classStride;
  store<i32>(base + pending, (raw << 1) | 1);
  add(base + inuse, -1);
  const low = load<i32>(base + bytesLow) - (load<i32>(slot + 4) & LENGTH_MASK);
  store<i32>(base + bytesLow, low);
  if (low < 0) carry(base);
  store<i32>(cellAt, CELL_FREE | ((raw + cellMask + 1) & HANDLE_MASK & ~cellMask));
  const tail = load<i32>(base + cellTail);
  if (tail == 0) store<i32>(base + cellHead, cell);
  else add(cellAddress(tail), cell);
  store<i32>(base + cellTail, cell);
  add(base + cellCount, 1);
  if (load<i32>(base + cellCount) > keepCells) giveBackCells(base);

  const record = zspages + zspage * zspageStride;
  store<i32>(slot, load<i32>(record + zspageFreeHead) << 1);
  store<i32>(record + zspageFreeHead, location);
  const used = load<i32>(record + zspageUsage) - 1;
  store<i32>(record + zspageUsage, used);
  if (groupOf(ordinal, used) != used >>> GROUP_SHIFT) regroup(ordinal, zspage);
  store<i32>(base + pending, 0);
  unlock(ordinal);
  return 0;
}

/** Offset of the object, with the rest at `found`; or FALLBACK, also while the kernel's read is open. */
export function readBegin(handle: i32): i32 {
  if (reading != 0) return FALLBACK;
  const cellAt = cellOf(handle);
  if (cellAt == 0 || !enterPool()) return FALLBACK;
  const raw = handle ^ key;
  // Without the pool lock a hint: the cell is looked at again inside the zspage.
  const location = load<i32>(cellAt);
  const page = isLocation(location) ? pageAddress(location) : 0;
  const owner = page == 0 ? 0 : load<i32>(page);
  const ordinal = owner & CLASS_MASK;
  const zspage = owner >>> OWNER_SHIFT;
  const lock = zspages + zspage * zspageStride;
  if (owner == 0 || ordinal > huge || zspage > pagesMax || !enterZspage(lock)) { leavePool(); return FALLBACK; }
  leavePool();
  let header: i32, second: i32, offset: i32, most: i32, room: i32 = PAGE_BYTES;
  if (ordinal == huge) {
    header = page + PAGE_LINK;
    second = load<i32>(lock + zspageFreeHead);
    offset = (location >>> indexBits) << 12;
    most = PAGE_BYTES;
  } else {
    header = slotAddress(location, sizeOf(ordinal));
    second = load<i32>(header + 4);
    offset = header + HEADER_BYTES;
    most = sizeOf(ordinal) - HEADER_BYTES;
    room -= (header & IN_PAGE) + HEADER_BYTES;
  }
  const length = second & LENGTH_MASK;
  // order: acquire, pairs with the page migration that may link another second page beside readers.
  const following = length > room ? atomic.load<i32>(page + PAGE_LINK) : 1;
  // A cell that has changed, another object, a torn one, or what only a broken pool has.
  if (
    atomic.load<i32>(cellAt) != location || load<i32>(header) != ((raw << 1) | 1) || second < 0 ||
    length > most || following <= 0 || following >= pagesMax
  ) {
    leaveZspage(lock);
    return FALLBACK;
  }
  reading = lock;
  store<i32>(found, length);
  store<i32>(found + 4, min(length, room));
  store<i32>(found + 8, following << 12);
  return offset;
}

/** 0 when the kernel's read was in that zspage, and has ended; or FALLBACK. */
export function readEnd(offset: i32): i32 {
  if (reading == 0 || offset >>> 12 >= pagesMax) return FALLBACK;
  const lock = zspages + (load<i32>(pages + (offset >>> 12) * pageStride) >>> OWNER_SHIFT) * zspageStride;
  if (lock != reading) return FALLBACK;
  reading = 0;
  leaveZspage(lock);
  return 0;
}
