import { describe, expect, test } from 'vitest';
import { contrast, difference, parseHex, seenWith, type Deficiency } from '../src/look/colour';
import { classInks, divergingTable, shapes, themes, type ThemeName } from '../src/look/themes';

const rgbOf = (word: number) => [(word & 255) / 255, ((word >> 8) & 255) / 255, ((word >> 16) & 255) / 255] as const;
const between = (a: string, b: string) => contrast(parseHex(a), parseHex(b));

test('contrast agrees with the published extremes', () => {
    expect(between('#ffffff', '#000000')).toBeCloseTo(21, 5);
    expect(between('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

describe.each(Object.keys(themes) as ThemeName[])('theme %s', name => {
    const theme = themes[name];
    const grounds = [theme.page, theme.panel, theme.well];

    test('text reads on every ground', () => {
        for (const ground of grounds) {
            expect(between(theme.ink, ground)).toBeGreaterThanOrEqual(7);
            expect(between(theme.quiet, ground)).toBeGreaterThanOrEqual(4.5);
            expect(between(theme.negativeInk, ground)).toBeGreaterThanOrEqual(4.5);
            expect(between(theme.positiveInk, ground)).toBeGreaterThanOrEqual(4.5);
        }
        expect(between(theme.warn, theme.warnPanel)).toBeGreaterThanOrEqual(4.5);
        expect(between(theme.inkOn, theme.ink)).toBeGreaterThanOrEqual(7);
    });

    test('edges of controls and focus are seen', () => {
        for (const ground of grounds) {
            expect(between(theme.edge, ground)).toBeGreaterThanOrEqual(3);
            expect(between(theme.focus, ground)).toBeGreaterThanOrEqual(3);
        }
    });

    test('both ends of the diverging palette stand off zero, and the zero line off both', () => {
        const table = divergingTable(theme);
        const [negative, zero, positive] = [rgbOf(table[1]!), rgbOf(table[128]!), rgbOf(table[255]!)];
        expect(contrast(negative, zero)).toBeGreaterThanOrEqual(3);
        expect(contrast(positive, zero)).toBeGreaterThanOrEqual(3);
        for (const beside of [100, 128, 156])
            expect(contrast(parseHex(theme.ink), rgbOf(table[beside]!))).toBeGreaterThanOrEqual(3);
    });

    test('sign is seen by every eye, at the ends and near zero', () => {
        const table = divergingTable(theme);
        for (const deficiency of ['protanopia', 'deuteranopia', 'tritanopia'] as Deficiency[]) {
            const seen = (byte: number) => seenWith(deficiency, rgbOf(table[byte]!));
            expect(difference(seen(1), seen(255))).toBeGreaterThan(0.1);
            expect(difference(seen(64), seen(192))).toBeGreaterThan(0.05);
            const inks = [theme.negativeInk, theme.positiveInk].map(hex => seenWith(deficiency, parseHex(hex)));
            expect(difference(inks[0]!, inks[1]!)).toBeGreaterThan(0.1);
        }
    });

    test('the palette grows evenly away from zero', () => {
        const table = divergingTable(theme);
        const fromZero = (byte: number) => difference(rgbOf(table[byte]!), rgbOf(table[128]!));
        for (let byte = 136; byte <= 255; byte += 8) expect(fromZero(byte)).toBeGreaterThan(fromZero(byte - 8));
        for (let byte = 120; byte > 0; byte -= 8) expect(fromZero(byte)).toBeGreaterThan(fromZero(byte + 8));
    });

    test('every class has a shape of its own and a colour that is seen', () => {
        expect(new Set(shapes).size).toBe(classInks[name].length);
        for (const ink of classInks[name]) expect(between(ink, theme.panel)).toBeGreaterThanOrEqual(4.5);
    });

    test('a point stands off any map: its fill always borders its ring', () => {
        for (const ink of classInks[name]) expect(between(ink, theme.halo)).toBeGreaterThanOrEqual(4.5);
    });
});
