import { describe, expect, it } from 'vitest';
import { KERNEL_STEPS, isAsDenseAsFitted, isAsDenseAsKernel, readStream, runDensity } from '../src/density.ts';
import { METADATA_SHARE_MAX, runMetadata } from '../src/metadata.ts';
import { availableStrategies, loadStrategy } from '../src/strategies.ts';

const ids = await availableStrategies();

describe('the stream of bench/data', () => {
  it('is the one that its README describes', () => {
    const { sizes, freeOrder } = readStream();
    expect(sizes.length).toBe(24153);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(61_398_626);
    expect(new Set(freeOrder).size).toBe(24153);
    expect(Math.max(...freeOrder)).toBe(24152);
  });
});

describe.each(ids)('%s', (id) => {
  it.each(['kernel', 'fitted'] as const)(
    "uses at most the kernel's pages at every step, %s classes",
    async (classes) => {
      const steps = runDensity(await loadStrategy(id), classes);
      steps.forEach((step, index) => {
        const { ratioMax } = KERNEL_STEPS[index]!;
        expect(step.bytesUsed / step.bytesStored, `${step.freedShare * 100} % freed`).toBeLessThanOrEqual(ratioMax);
      });
      expect(isAsDenseAsKernel(steps)).toBe(true);
      expect(isAsDenseAsFitted(steps)).toBe(classes === 'fitted');
      expect(steps[0]!.objectsVerified).toBe(readStream().sizes.filter((size) => size > 0).length);
      expect(steps.every((step) => step.objectsVerified > 2000)).toBe(true);
    },
  );

  it('spends less than 3 % on metadata when full of 256-byte objects', async () => {
    const { bytesMetadata, poolBytes, objects } = runMetadata(await loadStrategy(id), 64 * 2 ** 20);
    expect(bytesMetadata / poolBytes).toBeLessThan(METADATA_SHARE_MAX);
    expect(objects).toBeGreaterThan(200_000);
  });
});

it('isAsDenseAsKernel tells a step that uses one page too many', () => {
  const steps = KERNEL_STEPS.map(({ freedShare, stored, usedBefore, used }) => ({
    freedShare,
    bytesStored: stored,
    bytesUsedBefore: usedBefore,
    bytesUsed: used,
    bytesMetadata: 0,
    bytesMetadataWhole: 0,
    compactMs: 0,
    objectsVerified: 0,
  }));
  expect(isAsDenseAsKernel(steps)).toBe(true);
  const over = steps.map((step, index) =>
    index === 2 ? { ...step, bytesUsed: Math.ceil(step.bytesStored * 1.118) } : step,
  );
  expect(isAsDenseAsKernel(over)).toBe(false);
  expect(isAsDenseAsKernel(steps.slice(1))).toBe(false);
});

it('isAsDenseAsFitted counts the metadata', () => {
  const step = { bytesUsedBefore: 0, bytesMetadataWhole: 0, compactMs: 0, objectsVerified: 0, freedShare: 0 };
  const steps = [1020, 1080, 1080, 1080].map((bytesUsed) => ({
    ...step,
    bytesUsed,
    bytesMetadata: 20,
    bytesStored: 1000,
  }));
  expect(isAsDenseAsFitted(steps)).toBe(true);
  for (const index of [0, 1, 2, 3]) {
    const over = steps.map((one, at) => (at === index ? { ...one, bytesMetadata: 21 } : one));
    expect(isAsDenseAsFitted(over), `step ${index}`).toBe(false);
  }
  expect(isAsDenseAsFitted(steps.slice(1))).toBe(false);
});
