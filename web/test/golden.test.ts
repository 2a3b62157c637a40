// @ts-expect-error The page's types know no Node.js; the tests run in it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decode, mapValue, type Frame } from '../src/protocol';

// A frame as the engine wrote it; tests/Downhill.Playground.Tests/FormatTests.cs holds it to the same file.
const bytes = readFileSync(new URL('./golden/frame.bin', import.meta.url));
const message = new Uint8Array(bytes).buffer as ArrayBuffer;

test('a frame of the engine is read as it was meant', () => {
    const { header, blocks } = decode<Frame>(message);
    expect(header.ok).toBe(true);
    expect(header.id).toBe(3);
    expect(header.clock.step).toBe(5);
    expect(header.blocks['units']!.shape).toEqual([3, 4, 4]);
    expect(blocks['units']).toBeInstanceOf(Uint8Array);
    expect(blocks['units']!.length).toBe(48);
    expect(blocks['parameters']!.length).toBe(9);
    expect([...blocks['rows']!]).toEqual([...Array(20).keys()]);
    expect(blocks['rows']).toBeInstanceOf(Int32Array);
    const loss = blocks['loss']!;
    expect(loss).toBeInstanceOf(Float64Array);
    expect(header.blocks['loss']!.shape[1]).toBe(6);
    expect([loss[0], loss[1]]).toEqual([0, 0]);
});

test('the numbers of a frame agree with one another', () => {
    const { header, blocks } = decode<Frame>(message);
    const { costs, parts, answers, targets, unitScales, units } = blocks;
    let train = 0, wrong = 0;
    for (let row = 0; row < costs!.length; row++) {
        if (parts![row] !== 0) continue;
        train += costs![row]!;
        if (answers![row] !== targets![row]) wrong++;
    }
    expect(train).toBeCloseTo(header.measures!.train.cost!, 5);
    expect(1 - wrong / header.measures!.train.rows).toBeCloseTo(header.measures!.train.accuracy!, 12);
    // tanh: every value within its bounds.
    for (let i = 0; i < units!.length; i++) expect(Math.abs(mapValue(units![i]!, unitScales![i >> 4]!))).toBeLessThanOrEqual(1);
});
