// Colour arithmetic for the palettes and for the tests that hold them to their promises.
// sRGB [0,1] ↔ linear ↔ OKLab (Björn Ottosson, 2020); contrast as WCAG 2.2 defines it.

export type Rgb = readonly [number, number, number];

export function parseHex(hex: string): Rgb {
    const value = Number.parseInt(hex.slice(1), 16);
    return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

export function toHex(rgb: Rgb): string {
    return (
        '#' +
        rgb
            .map(c =>
                Math.round(clamp(c) * 255)
                    .toString(16)
                    .padStart(2, '0'),
            )
            .join('')
    );
}

const clamp = (c: number) => Math.min(1, Math.max(0, c));
const toLinear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const toGamma = (c: number) => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);

export function luminance(rgb: Rgb): number {
    return 0.2126 * toLinear(rgb[0]) + 0.7152 * toLinear(rgb[1]) + 0.0722 * toLinear(rgb[2]);
}

/** WCAG contrast ratio, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
    const [la, lb] = [luminance(a), luminance(b)];
    return (Math.max(la, lb) + 0.05) / (Math.min(la, lb) + 0.05);
}

export function toOklab(rgb: Rgb): Rgb {
    const [r, g, b] = [toLinear(rgb[0]), toLinear(rgb[1]), toLinear(rgb[2])];
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return [
        0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ];
}

export function fromOklab(lab: Rgb): Rgb {
    const l = (lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]) ** 3;
    const m = (lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]) ** 3;
    const s = (lab[0] - 0.0894841775 * lab[1] - 1.291485548 * lab[2]) ** 3;
    const r = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    const g = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    const b = -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s;
    return [clamp(toGamma(clamp(r))), clamp(toGamma(clamp(g))), clamp(toGamma(clamp(b)))];
}

/** A point of the straight line between two colours in OKLab. */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
    const [p, q] = [toOklab(a), toOklab(b)];
    return fromOklab([p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t, p[2] + (q[2] - p[2]) * t]);
}

/** Distance of two colours in OKLab; about 0.02 is just seen. */
export function difference(a: Rgb, b: Rgb): number {
    const [p, q] = [toOklab(a), toOklab(b)];
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

export type Deficiency = 'protanopia' | 'deuteranopia' | 'tritanopia';

// Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
const deficiencies: Record<Deficiency, readonly number[]> = {
    protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
    deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
    tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** The colour as an eye with the deficiency sees it. */
export function seenWith(deficiency: Deficiency, rgb: Rgb): Rgb {
    const m = deficiencies[deficiency];
    const v = rgb.map(toLinear);
    const row = (i: number) => clamp(toGamma(clamp(m[i]! * v[0]! + m[i + 1]! * v[1]! + m[i + 2]! * v[2]!)));
    return [row(0), row(3), row(6)];
}
