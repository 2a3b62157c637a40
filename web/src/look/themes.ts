// The three themes as one table. Chrome is ink on paper and has no hue; hue belongs to the data alone, where it means
// sign: copper is negative, blue is positive, paper is zero, in every view. Tests compute every contrast promised
// here.

import { mix, parseHex } from './colour';

export type ThemeName = 'light' | 'dark' | 'projector';

export interface Theme {
    /** Behind everything. */
    readonly page: string;
    /** Cards and the network's ground. */
    readonly panel: string;
    /** Fields, pressed and chosen things. */
    readonly well: string;
    /** Hairlines between parts: decoration, no contrast promised. */
    readonly line: string;
    /** Edges of controls: at least 3:1 on panel, page and well. */
    readonly edge: string;
    /** Text: at least 7:1. */
    readonly ink: string;
    /** Secondary text: at least 4.5:1. */
    readonly quiet: string;
    /** Primary button: ink reversed. */
    readonly inkOn: string;
    /** Zero of the diverging palette. */
    readonly zero: string;
    /** Ends of the diverging palette in maps: at least 3:1 on zero. */
    readonly negative: string;
    readonly positive: string;
    /** Sign colours of thin marks and text: at least 4.5:1 on panel. */
    readonly negativeInk: string;
    readonly positiveInk: string;
    /** The ring that lifts a point off any map: at least 4.5:1 from every class ink. */
    readonly halo: string;
    /** Warnings: text at least 4.5:1 on warnPanel. */
    readonly warn: string;
    readonly warnPanel: string;
    /** Keyboard focus: at least 3:1 on every ground. */
    readonly focus: string;
}

export const themes: Record<ThemeName, Theme> = {
    light: {
        page: '#efece4',
        panel: '#fbfaf6',
        well: '#f1eee6',
        line: '#dcd7cb',
        edge: '#827c70',
        ink: '#161b21',
        quiet: '#5a5f65',
        inkOn: '#fbfaf6',
        zero: '#f7f4ec',
        negative: '#bd6a2c',
        positive: '#3c7fb8',
        negativeInk: '#954707',
        positiveInk: '#115c99',
        halo: '#ffffff',
        warn: '#7c1f2f',
        warnPanel: '#fbe9e4',
        focus: '#161b21',
    },
    dark: {
        page: '#0d1115',
        panel: '#151a20',
        well: '#1e252d',
        line: '#2a323b',
        edge: '#76808b',
        ink: '#ece8df',
        quiet: '#a3a9b0',
        inkOn: '#12171c',
        zero: '#1a2027',
        negative: '#cc7a3c',
        positive: '#4f93cd',
        negativeInk: '#efa265',
        positiveInk: '#7cbdf0',
        halo: '#0b0e12',
        warn: '#ffb4a8',
        warnPanel: '#3a1a1a',
        focus: '#ece8df',
    },
    projector: {
        page: '#ffffff',
        panel: '#ffffff',
        well: '#f0f0ee',
        line: '#c9c9c5',
        edge: '#5c5c58',
        ink: '#000000',
        quiet: '#3d3d3d',
        inkOn: '#ffffff',
        zero: '#ffffff',
        negative: '#b8591a',
        positive: '#2a70b0',
        negativeInk: '#863b00',
        positiveInk: '#004d8b',
        halo: '#ffffff',
        warn: '#7a0018',
        warnPanel: '#ffe4de',
        focus: '#000000',
    },
};

/** Marks of the classes, told apart by shape first; more than two classes take further hues of equal weight. */
export const shapes = [
    'circle',
    'triangle',
    'square',
    'diamond',
    'plus',
    'cross',
    'star',
    'pentagon',
    'hexagon',
    'bar',
] as const;
export type Shape = (typeof shapes)[number];

/** Class colours per theme: ≥ 4.5:1 on panel. The first two are the palette's signs. */
export const classInks: Record<ThemeName, readonly string[]> = {
    light: [
        '#954707',
        '#115c99',
        '#1d6b4a',
        '#7a3b8f',
        '#8a2b4a',
        '#4d5a12',
        '#0b6a75',
        '#5a4a3a',
        '#4946a8',
        '#6b5200',
    ],
    dark: [
        '#efa265',
        '#7cbdf0',
        '#6cc79c',
        '#cf9be2',
        '#f08aa8',
        '#b3c46a',
        '#63c5d0',
        '#c9b8a4',
        '#a9a6f5',
        '#d9bc5c',
    ],
    projector: [
        '#863b00',
        '#004d8b',
        '#005a38',
        '#6a1f85',
        '#85143c',
        '#3f4d00',
        '#005a66',
        '#4d3b28',
        '#33309c',
        '#5c4500',
    ],
};

/**
 * The diverging palette as 256 RGBA words in memory order: byte 128 is zero, 1 the negative and 255 the positive end,
 * 0 a value that is no number (see docs/PLAYGROUND.md). The first step away from zero is larger than the others, so
 * that the sign of a small value shows.
 */
export function divergingTable(theme: Theme): Uint32Array {
    const [zero, negative, positive] = [parseHex(theme.zero), parseHex(theme.negative), parseHex(theme.positive)];
    const table = new Uint32Array(256);
    table[0] = word(parseHex(theme.edge));
    for (let byte = 1; byte < 256; byte++) {
        const value = (byte - 128) / 127;
        const size = value === 0 ? 0 : 0.1 + 0.9 * Math.abs(value);
        table[byte] = word(mix(zero, value < 0 ? negative : positive, size));
    }
    return table;
}

/** From paper to a class's colour as 256 words: how sure the network is of the class that wins. */
export function classTable(theme: Theme, ink: string): Uint32Array {
    const [zero, end] = [parseHex(theme.zero), parseHex(ink)];
    const table = new Uint32Array(256);
    for (let byte = 0; byte < 256; byte++) table[byte] = word(mix(zero, end, 0.12 + (0.63 * byte) / 255));
    return table;
}

/** RGBA as one word for a Uint32Array over ImageData: the machines that run browsers are little-endian. */
export function word(rgb: readonly [number, number, number]): number {
    const [r, g, b] = [Math.round(rgb[0] * 255), Math.round(rgb[1] * 255), Math.round(rgb[2] * 255)];
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
