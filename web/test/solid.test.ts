import { describe, expect, it } from 'vitest';
import { boxLines, planePiece, surfaceOf } from '../src/draw/solid';

describe('surfaceOf', () => {
    it('lies where the values pass the level', () => {
        const size = 13;
        const values = Array.from({ length: size ** 3 }, (_, k) => {
            const p = [k % size, Math.floor(k / size) % size, Math.floor(k / size ** 2)].map(i => -1 + (2 * i) / 12);
            return 0.36 - p.reduce((sum, v) => sum + v * v, 0); // a ball of radius 0.6
        });
        const corners = surfaceOf(values, size, 0);
        expect(corners.length % 9).toBe(0);
        expect(corners.length).toBeGreaterThan(9 * 200);
        let [area, worst] = [0, 0];
        for (let k = 0; k < corners.length; k += 9) {
            const [p, q, r] = [0, 3, 6].map(i => [...corners.subarray(k + i, k + i + 3)]) as [
                number[],
                number[],
                number[],
            ];
            worst = Math.max(worst, Math.abs(Math.hypot(...p) - 0.6));
            const [a, b] = [p.map((v, i) => q[i]! - v), p.map((v, i) => r[i]! - v)] as [number[], number[]];
            area +=
                Math.hypot(
                    a[1]! * b[2]! - a[2]! * b[1]!,
                    a[2]! * b[0]! - a[0]! * b[2]!,
                    a[0]! * b[1]! - a[1]! * b[0]!,
                ) / 2;
        }
        expect(worst).toBeLessThan(0.02);
        // Closed and counted once: the area of the ball is 4πr².
        expect(area / (4 * Math.PI * 0.36)).toBeGreaterThan(0.94);
        expect(area / (4 * Math.PI * 0.36)).toBeLessThan(1.01);
    });
    it('is nothing where no value passes it', () => {
        expect(surfaceOf(new Float32Array(27), 3, 1)).toHaveLength(0);
    });
});

describe('planePiece', () => {
    it('is the hexagon of a plane across the diagonal, corners in order', () => {
        const piece = planePiece([1, 1, 1], 0);
        expect(piece).toHaveLength(6);
        const sides = piece.map((p, k) => Math.hypot(...p.map((v, i) => v - piece[(k + 1) % 6]![i]!)));
        for (const side of sides) expect(side).toBeCloseTo(Math.SQRT2, 6);
        for (const p of piece) expect(p[0] + p[1] + p[2]).toBeCloseTo(0, 6);
    });
    it('is nothing outside the box', () => {
        expect(planePiece([1, 0, 0], 5)).toHaveLength(0);
    });
    it('has a box of twelve edges', () => {
        expect(boxLines).toHaveLength(12 * 2 * 3);
    });
});
