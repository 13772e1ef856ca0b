// What strategies have in common whose readers keep movers out: a place that was freed or moved away is seen by nobody,
// so it is reclaimed at once, and whoever changes an object's bytes, or holds it, is a reader of its placement.

import type { WordIndex, Words } from '../words/agent.ts';
import type { BoundStrategy, Location, PageIndex, StrategyHost, StrategyRecovery, ZspageIndex } from './contract.ts';
import { retrySoon } from './retry.ts';

/** See the head of the file. */
export abstract class ReclaimsAtOnce implements BoundStrategy {
  readonly recovery?: StrategyRecovery | undefined;
  protected readonly host: StrategyHost;
  protected readonly words: Words;

  constructor(host: StrategyHost) {
    this.host = host;
    this.words = host.agent.words;
  }

  abstract readBegin(cell: WordIndex): Location;
  abstract readEnd(zspage: ZspageIndex): void;
  abstract lockClassOf(cell: WordIndex): number;
  abstract lock(index: number): void;
  abstract tryLock(index: number): boolean;
  abstract unlock(index: number): void;
  abstract isContended(index: number): boolean;
  abstract moveBegin(): void;
  abstract moveEnd(): void;
  abstract isMoveContended(): boolean;
  abstract relocateBegin(zspage: ZspageIndex): boolean;
  abstract relocateEnd(zspage: ZspageIndex): void;
  abstract publish(cell: WordIndex, location: Location): void;

  writeBegin(cell: WordIndex): Location {
    return this.readBegin(cell);
  }

  writeEnd(zspage: ZspageIndex): void {
    this.readEnd(zspage);
  }

  holdBegin(cell: WordIndex): Location {
    return this.readBegin(cell);
  }

  holdEnd(zspage: ZspageIndex): void {
    this.readEnd(zspage);
  }

  retireObject(_cell: WordIndex, location: Location): void {
    this.host.reclaimObject(location);
  }

  retirePlace(location: Location): void {
    this.host.reclaimPlace(location);
  }

  retirePage(page: PageIndex): void {
    this.host.reclaimPage(page);
  }

  reclaim(_pressing: boolean): number {
    return 0;
  }

  retryLater(): Promise<void> {
    return retrySoon();
  }

  detach(): void {}
}
