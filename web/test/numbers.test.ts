import { describe, expect, test } from 'vitest';
import { brief, exact, parseNumber, percent, show, whole } from '../src/text/numbers';

describe('reading', () => {
    test.each([
        ['0.5', 0.5],
        ['0,5', 0.5],
        [' .25 ', 0.25],
        ['−3', -3],
        ['-3,1', -3.1],
        ['1e-3', 0.001],
        ['2/3', 2 / 3],
        ['+7', 7],
        ['1e30', 1e30],
        ['5.', 5],
        ['−1/4', -0.25],
        ['1,5/3', 0.5],
    ])('%s is %d', (text, value) => expect(parseNumber(text)).toEqual({ ok: true, value }));

    test.each([
        ['', 'empty'],
        ['  ', 'empty'],
        ['abc', 'text'],
        ['1.234,5', 'ambiguous'],
        ['1,2,3', 'ambiguous'],
        ['1/0', 'zero'],
        ['1/2/3', 'text'],
        ['1e', 'text'],
        ['NaN', 'text'],
        ['Infinity', 'text'],
        ['0x10', 'text'],
        ['--1', 'text'],
        [',', 'text'],
    ])('%j is refused as %s', (text, why) => expect(parseNumber(text)).toEqual({ ok: false, why }));
});

describe('printing', () => {
    test.each([
        [0, '0'],
        [0.66, '0.6600'],
        [-3.1, '−3.100'],
        [12.345, '12.35'],
        [0.0000041, '4.10e−6'],
        [1234.5678, '1235'],
        [1e30, '1.00e30'],
        [Number.NaN, 'NaN'],
        [Number.NEGATIVE_INFINITY, '−∞'],
        [0.01234, '0.01234'],
    ])('%d', (value, text) => expect(show(value)).toBe(text));

    test('brief labels keep two digits and no minus zero', () => {
        expect(brief(-0.001)).toBe('0.00');
        expect(brief(-0.314)).toBe('−0.31');
        expect(brief(123.4)).toBe('123');
    });

    test('an exact text reads back as the same single', () => {
        for (const value of [0.1, -2.7182817, 1e-7, 33333.332].map(Math.fround)) {
            const read = parseNumber(exact(value));
            expect(read.ok && Math.fround(read.value)).toBe(value);
        }
    });

    test('shares and counts', () => {
        expect(percent(0.125)).toBe('12.5 %');
        expect(whole(1234567)).toBe('1 234 567');
    });
});
