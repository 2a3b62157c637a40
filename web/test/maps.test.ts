import { expect, test } from 'vitest';
import { contour, thinned } from '../src/draw/maps';
import { markPath, shapeOf } from '../src/draw/marks';
import { shapes } from '../src/look/themes';

test('the contour of a ramp is the straight line where it crosses', () => {
    const bytes = new Uint8Array(16);
    for (let y = 0; y < 4; y++) for (let x = 0; x < 4; x++) bytes[y * 4 + x] = 100 + x * 20;
    const lines = contour(bytes, 4, 4, 128);
    expect(lines.length).toBe(3 * 4);
    for (let k = 0; k < lines.length; k += 2) expect(lines[k]).toBeCloseTo(1.4, 5);
});

test('a flat map has no contour', () => {
    expect(contour(new Uint8Array(64).fill(200), 8, 8, 128).length).toBe(0);
});

test('a saddle gives two segments that do not cross', () => {
    const lines = contour(Uint8Array.from([200, 0, 0, 200]), 2, 2, 99);
    expect(lines.length).toBe(8);
    expect([...lines].every(v => v >= 0 && v <= 1)).toBe(true);
});

test('every class has its own outline', () => {
    const paths = shapes.map((_, k) => markPath(shapeOf(k), 5));
    expect(new Set(paths).size).toBe(shapes.length);
});

test('a thinned map keeps the middle of each block', () => {
    const bytes = Uint8Array.from({ length: 36 }, (_, k) => k);
    expect(thinned(bytes, 6, 3)).toEqual({ bytes: Uint8Array.from([7, 10, 25, 28]), size: 2 });
    expect(thinned(bytes, 6, 1).bytes).toBe(bytes);
});
