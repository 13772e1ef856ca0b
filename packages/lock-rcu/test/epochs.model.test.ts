import { assertProved } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { Epochs } from '../src/epochs.ts';
import {
  advance,
  exploreEpochs,
  graceOfOne,
  nobodyYet,
  pollAndReuse,
  read,
  readNested,
  sampleTooEarly,
  synchronizeAndReuse,
} from './epoch-programs.ts';

describe('epochs, in every schedule', () => {
  it.each([
    ['one reader', { reader: read, retirer: pollAndReuse }, []],
    ['two readers', { anna: read, ben: read, retirer: pollAndReuse }, [['anna', 'ben']]],
    ['three readers', { anna: read, ben: read, carl: read, retirer: pollAndReuse }, [['anna', 'ben', 'carl']]],
    ['a reader and an agent that advances', { reader: read, retirer: pollAndReuse, helper: advance }, []],
    ['a nested reader and an agent that advances', { reader: readNested, retirer: pollAndReuse, helper: advance }, []],
    ['a reader that is waited for', { reader: read, retirer: synchronizeAndReuse }, []],
    ['two readers that are waited for', { anna: read, ben: read, retirer: synchronizeAndReuse }, [['anna', 'ben']]],
  ])('reuse nothing that a reader may see: %s', (_, roles, symmetric) => {
    const result = exploreEpochs(roles, { symmetric });
    assertProved(result);
  });
});

describe('an agent that comes while others advance', () => {
  it('finds nothing that has been reused, in every schedule', () => {
    const roles = { newcomer: read, retirer: pollAndReuse, helper: advance };
    assertProved(exploreEpochs(roles, { setup: nobodyYet }));
  });
});

describe('the model', () => {
  const roles = (retirer: typeof read) => ({ reader: read, retirer, helper: advance });

  it('rejects an epoch that was sampled before the unlink', () => {
    expect(exploreEpochs(roles(sampleTooEarly)).verdict).toBe('failed');
  });

  it('rejects a grace of one', () => {
    expect(exploreEpochs(roles(graceOfOne)).verdict).toBe('failed');
  });

  it('rejects a plain pin', () => {
    class PlainPin extends Epochs {
      protected override enter(): void {
        const { words, needWord } = this;
        words[needWord - 1] = (words[0]! << 1) | 1;
      }
    }
    expect(exploreEpochs(roles(pollAndReuse), {}, PlainPin).verdict).toBe('failed');
  });

  it('rejects a section that its nested section ends', () => {
    class FlatPin extends Epochs {
      override unpin(): void {
        this.open--;
        this.leave();
      }
    }
    expect(exploreEpochs({ reader: readNested, retirer: pollAndReuse, helper: advance }, {}, FlatPin).verdict).toBe(
      'failed',
    );
  });

  it('rejects an advance that does not look at the slots', () => {
    class BlindAdvance extends Epochs {
      override advance(): boolean {
        const epoch = this.sample();
        Atomics.compareExchange(this.words, 0, epoch, epoch + 1);
        return true;
      }
    }
    expect(exploreEpochs(roles(pollAndReuse), {}, BlindAdvance).verdict).toBe('failed');
  });
});
