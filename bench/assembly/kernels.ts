// Hot paths of a pool with strategy `spin` in AssemblyScript, on the pool's own words: what wasm could gain. Compiled and
// measured by ../tools/wasm/measure.mjs; no part of the packages (docs/decisions/0008-wasm.md says why).
//
// The steps are those of packages/core/src/hot-paths.ts, read-path.ts, slots.ts and strategy/lock-based.ts, with the locks of
// packages/lock-spin written out. Whatever is rare returns FALLBACK with nothing changed, and JavaScript does it.
//
// Addresses are bytes: the pool lies at 0.

const FALLBACK: i32 = -1;
const READER: i32 = 1 << 12;
/** OWNER | WAITING | FULL | RECOUNT of the spin rwlock. */
const CLOSED: i32 = 0xff | (1 << 8) | (1 << 29) | (1 << 31);
const LENGTH_MASK: i32 = 0x1ffff;
const CELL_RETIRED: i32 = 1 << 29;
const CELL_FREE: i32 = 1 << 30;
const HANDLE_MASK: i32 = (1 << 30) - 1;
const HEADER_BYTES: i32 = 8;
const CLASS_BYTES: i32 = 192;

// Words of `setup`, in the order of measure.mjs.
let me: i32, key: i32, alarm: i32, poolWord: i32, lockBase: i32, classBase: i32, pageBase: i32, zspageBase: i32;
let zspageStride: i32, zspageCore: i32, directory: i32, indexBits: i32, cellMask: i32, huge: i32, lookup: i32, reads: i32;
let lastMalloc: i32, ofRequest: i32, sizes: i32, groups: i32, groupBase: i32, result: i32;
let groupMask: i32, groupHeads: i32, inuse: i32, bytesLow: i32, cellHead: i32, cellTail: i32, cellCount: i32, pending: i32;
let usage: i32, freeHead: i32, keepCells: i32, roomMask: i32;
/** Entries of the read table in use. */
let used: i32 = 0;

export function setup(at: i32): void {
  me = load<i32>(at); key = load<i32>(at + 4); alarm = load<i32>(at + 8); poolWord = load<i32>(at + 12);
  lockBase = load<i32>(at + 16); classBase = load<i32>(at + 20); pageBase = load<i32>(at + 24); zspageBase = load<i32>(at + 28);
  zspageStride = load<i32>(at + 32); zspageCore = load<i32>(at + 36); directory = load<i32>(at + 40); indexBits = load<i32>(at + 44);
  cellMask = load<i32>(at + 48); huge = load<i32>(at + 52); lookup = load<i32>(at + 56); reads = load<i32>(at + 60);
  lastMalloc = load<i32>(at + 64); ofRequest = load<i32>(at + 68); sizes = load<i32>(at + 72); groups = load<i32>(at + 76);
  groupBase = load<i32>(at + 80); result = load<i32>(at + 84); groupMask = load<i32>(at + 88); groupHeads = load<i32>(at + 92);
  inuse = load<i32>(at + 96); bytesLow = load<i32>(at + 100); cellHead = load<i32>(at + 104); cellTail = load<i32>(at + 108);
  cellCount = load<i32>(at + 112); pending = load<i32>(at + 116); usage = load<i32>(at + 120); freeHead = load<i32>(at + 124);
  keepCells = load<i32>(at + 128); roomMask = load<i32>(at + 132);
}

/** What JavaScript does, under the class lock: they change the lists of zspages or the stock of cells. */
@external("env", "regroup") declare function regroup(ordinal: i32, zspage: i32): void;
@external("env", "giveBack") declare function giveBack(base: i32): void;
@external("env", "unlockSlow") declare function unlockSlow(ordinal: i32): void;

@inline function lockOf(ordinal: i32): i32 { return lockBase + (ordinal << 6); }
@inline function tryLock(ordinal: i32): bool { return atomic.cmpxchg<i32>(lockOf(ordinal), 0, me) == 0; }
@inline function unlock(ordinal: i32): void { if (atomic.cmpxchg<i32>(lockOf(ordinal), me, 0) != me) unlockSlow(ordinal); }
@inline function cellAddress(cell: i32): i32 { return (load<i32>(directory + ((cell >>> 10) << 2)) << 12) + ((cell & 1023) << 2); }
@inline function slotAddress(location: i32, size: i32): i32 {
  return ((location >>> indexBits) << 12) + (((location & ((1 << indexBits) - 1)) * size) & 4095);
}

export function allocate(bytes: i32): i32 {
  if (bytes < 1 || bytes > 4096 || load<i32>(alarm) != 0) return FALLBACK;
  const ordinal = <i32>load<u16>(ofRequest + (((bytes + 7) >>> 3) << 1));
  if (ordinal == huge || !tryLock(ordinal)) return FALLBACK;
  const base = classBase + ordinal * CLASS_BYTES;
  const cell = load<i32>(base + cellHead);
  const found = load<i32>(base + groupMask) & roomMask;
  if (cell == 0 || found == 0) { unlock(ordinal); return FALLBACK; }
  const group = 31 - clz(found);
  const zspage = load<i32>(base + groupHeads + (group << 2));
  const record = zspageBase + zspage * zspageStride + zspageCore;
  const location = load<i32>(record + freeHead);
  if (location == 0) { unlock(ordinal); return FALLBACK; }
  const cellWord = cellAddress(cell);
  const value = load<i32>(cellWord);
  const raw = (value & (HANDLE_MASK & ~cellMask)) | cell;
  const tagged = (raw << 1) | 1;
  store<i32>(base + pending, tagged);
  const slot = slotAddress(location, load<i32>(sizes + (ordinal << 2)));
  store<i32>(record + freeHead, load<i32>(slot) >>> 1);
  const count = load<i32>(record + usage) + 1;
  store<i32>(record + usage, count);
  if (<i32>load<u8>(groups + load<i32>(groupBase + (ordinal << 2)) + (count & 0xfff)) != group) regroup(ordinal, zspage);
  const following = value & cellMask;
  store<i32>(base + cellHead, following);
  if (following == 0) store<i32>(base + cellTail, 0);
  store<i32>(base + cellCount, load<i32>(base + cellCount) - 1);
  store<i32>(slot, tagged);
  store<i32>(slot + 4, bytes);
  store<i32>(base + inuse, load<i32>(base + inuse) + 1);
  store<i32>(base + bytesLow, load<i32>(base + bytesLow) + bytes);
  store<i32>(cellWord, location);
  store<i32>(lastMalloc, tagged);
  store<i32>(base + pending, 0);
  unlock(ordinal);
  return raw ^ key;
}

@inline function isLocation(value: i32): bool { return value > 0 && value < CELL_RETIRED; }

/** Enters the pool lock, and says so; false with nothing changed when somebody is in the way. */
@inline function enterPool(): bool {
  store<i32>(lookup, (poolWord >>> 2 << 2) | 1);
  if ((atomic.add<i32>(poolWord, READER) & CLOSED) != 0) {
    atomic.sub<i32>(poolWord, READER);
    store<i32>(lookup, 0);
    return false;
  }
  store<i32>(lookup, (poolWord >>> 2 << 2) | 2);
  return true;
}

@inline function leavePool(): void {
  store<i32>(lookup, (poolWord >>> 2 << 2) | 3);
  atomic.sub<i32>(poolWord, READER);
  store<i32>(lookup, 0);
}

/** 0 done, FALLBACK for JavaScript. */
export function release(handle: i32): i32 {
  if (handle <= 0 || handle > HANDLE_MASK || load<i32>(alarm) != 0) return FALLBACK;
  const raw = handle ^ key;
  const cells = load<i32>(directory + (((raw & cellMask) >>> 10) << 2));
  if (cells == 0) return FALLBACK;
  const cell = (cells << 12) + ((raw & cellMask & 1023) << 2);
  if (!enterPool()) return FALLBACK;
  const location = load<i32>(cell);
  const owner = isLocation(location) ? load<i32>(pageBase + ((location >>> indexBits) << 3)) : 0;
  const ordinal = owner & 511;
  if (owner == 0 || ordinal == huge || !tryLock(ordinal)) { leavePool(); return FALLBACK; }
  leavePool();
  const slot = slotAddress(location, load<i32>(sizes + (ordinal << 2)));
  if (load<i32>(cell) != location || load<i32>(slot) != ((raw << 1) | 1)) { unlock(ordinal); return FALLBACK; }
  const base = classBase + ordinal * CLASS_BYTES;
  store<i32>(base + pending, (raw << 1) | 1);
  store<i32>(base + inuse, load<i32>(base + inuse) - 1);
  store<i32>(base + bytesLow, load<i32>(base + bytesLow) - (load<i32>(slot + 4) & LENGTH_MASK));
  const number = raw & cellMask;
  store<i32>(cell, CELL_FREE | ((raw + cellMask + 1) & (HANDLE_MASK & ~cellMask)));
  const tail = load<i32>(base + cellTail);
  if (tail == 0) store<i32>(base + cellHead, number);
  else { const at = cellAddress(tail); store<i32>(at, load<i32>(at) + number); }
  store<i32>(base + cellTail, number);
  const count = load<i32>(base + cellCount) + 1;
  store<i32>(base + cellCount, count);
  if (count > keepCells) giveBack(base);
  const zspage = owner >>> 9;
  const record = zspageBase + zspage * zspageStride + zspageCore;
  store<i32>(slot, load<i32>(record + freeHead) << 1);
  store<i32>(record + freeHead, location);
  const left = load<i32>(record + usage) - 1;
  store<i32>(record + usage, left);
  const group = <i32>load<u8>(groups + load<i32>(groupBase + (ordinal << 2)) + (left & 0xfff));
  if (group != left >>> 24) regroup(ordinal, zspage);
  store<i32>(base + pending, 0);
  unlock(ordinal);
  return 0;
}

/** Offset of the object; its length, bytes in the first page and second offset at `result`. FALLBACK for JavaScript. */
export function readBegin(handle: i32): i32 {
  if (handle <= 0 || handle > HANDLE_MASK || load<i32>(alarm) != 0 || used >= 40) return FALLBACK;
  const raw = handle ^ key;
  const cells = load<i32>(directory + (((raw & cellMask) >>> 10) << 2));
  if (cells == 0) return FALLBACK;
  const cell = (cells << 12) + ((raw & cellMask & 1023) << 2);
  if (!enterPool()) return FALLBACK;
  const location = load<i32>(cell);
  if (!isLocation(location)) { leavePool(); return FALLBACK; }
  const pageAt = pageBase + ((location >>> indexBits) << 3);
  const owner = load<i32>(pageAt);
  const ordinal = owner & 511;
  const word = zspageBase + (owner >>> 9) * zspageStride;
  const size = load<i32>(sizes + (ordinal << 2));
  const slot = slotAddress(location, size);
  if (ordinal == huge) { leavePool(); return FALLBACK; }
  const entry = reads + (used << 2);
  store<i32>(entry, (word >>> 2 << 2) | 1);
  if ((atomic.add<i32>(word, READER) & CLOSED) != 0) {
    atomic.sub<i32>(word, READER);
    store<i32>(entry, 0);
    leavePool();
    return FALLBACK;
  }
  store<i32>(entry, (word >>> 2 << 2) | 2);
  leavePool();
  const second = load<i32>(slot + 4);
  const length = second & LENGTH_MASK;
  if (load<i32>(cell) != location || load<i32>(slot) != ((raw << 1) | 1) || second < 0) {
    store<i32>(entry, (word >>> 2 << 2) | 3);
    atomic.sub<i32>(word, READER);
    store<i32>(entry, 0);
    return FALLBACK;
  }
  used++;
  const room = 4096 - (slot & 4095) - HEADER_BYTES;
  store<i32>(result, length);
  if (length > room) {
    store<i32>(result + 4, room);
    store<i32>(result + 8, atomic.load<i32>(pageAt + 4) << 12);
  } else store<i32>(result + 4, length);
  return slot + HEADER_BYTES;
}

/** Ends the read that was begun last; FALLBACK for another one. */
export function readEnd(offset: i32): i32 {
  const owner = load<i32>(pageBase + ((offset >>> 12) << 3));
  const word = zspageBase + (owner >>> 9) * zspageStride;
  const entry = reads + ((used - 1) << 2);
  if (used == 0 || load<i32>(entry) != ((word >>> 2 << 2) | 2)) return FALLBACK;
  used--;
  store<i32>(entry, (word >>> 2 << 2) | 3);
  atomic.sub<i32>(word, READER);
  store<i32>(entry, 0);
  return 0;
}

@inline function byteAt(location: i32, size: i32, done: i32): i32 {
  const page = location >>> indexBits;
  const inPage = (((location & ((1 << indexBits) - 1)) * size) & 4095) + done;
  if (inPage < 4096) return (page << 12) + inPage;
  return (load<i32>(pageBase + (page << 3) + 4) << 12) + inPage - 4096;
}

/** SlotMover.copy. */
export function copy(from: i32, to: i32, size: i32): i32 {
  const total = (HEADER_BYTES + (load<i32>(slotAddress(from, size) + 4) & LENGTH_MASK) + 7) & ~7;
  for (let done = 0; done < total; ) {
    const source = byteAt(from, size, done);
    const target = byteAt(to, size, done);
    const piece = min(min(total - done, 4096 - (source & 4095)), 4096 - (target & 4095));
    memory.copy(target, source, piece);
    done += piece;
  }
  return total;
}
