// Numbers as people write them and as the page prints them. One precision everywhere: four significant digits.

/** What a typed text means: a number, or why it is none. */
export type Parsed =
    | { readonly ok: true; readonly value: number }
    | { readonly ok: false; readonly why: 'empty' | 'text' | 'ambiguous' | 'zero' };

/**
 * Reads "0.5", "0,5", "−3", "1e-3", "2/3", " .25 ". A comma is a decimal comma. A text with both a comma and a point,
 * or with several of either, could mean two numbers and is refused.
 */
export function parseNumber(text: string): Parsed {
    const plain = text.trim().replace(/[−–]/g, '-').replace(/[ \s]/g, '');
    if (plain === '') return { ok: false, why: 'empty' };
    const parts = plain.split('/');
    if (parts.length > 2) return { ok: false, why: 'text' };
    const values: number[] = [];
    for (const part of parts) {
        const marks = part.match(/[.,]/g) ?? [];
        if (marks.length > 1) return { ok: false, why: 'ambiguous' };
        const dotted = part.replace(',', '.');
        if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(dotted)) return { ok: false, why: 'text' };
        values.push(Number(dotted));
    }
    if (values.length === 1) return { ok: true, value: values[0]! };
    return values[1] === 0 ? { ok: false, why: 'zero' } : { ok: true, value: values[0]! / values[1]! };
}

/** Four significant digits, a real minus sign, no trailing jitter: 0.6600, −3.100, 12.35, 4.1e−6. */
export function show(value: number, digits = 4): string {
    if (Number.isNaN(value)) return 'NaN';
    if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
    if (value === 0) return '0';
    const size = Math.abs(value);
    const exponent = Math.floor(Math.log10(size));
    const text =
        exponent < -4 || exponent >= 6
            ? value.toExponential(Math.max(0, digits - 2)).replace('e+', 'e')
            : value.toFixed(Math.max(0, digits - 1 - exponent));
    return text.replaceAll('-', '−');
}

/** For labels beside marks, where there is room for little: 0.66, −3.1, 12. */
export function brief(value: number): string {
    if (!Number.isFinite(value)) return show(value);
    const size = Math.abs(value);
    const text = size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : value.toFixed(2);
    return size >= 1e5 ? show(value, 3) : text.replace(/^-(0\.?0*)$/, '$1').replace('-', '−');
}

/** Every digit that is needed to type the same number again. */
export function exact(value: number): string {
    return String(Math.fround(value) === value ? shortestSingle(value) : value);
}

function shortestSingle(value: number): number {
    for (let digits = 1; digits < 9; digits++) {
        const candidate = Number(value.toPrecision(digits));
        if (Math.fround(candidate) === value) return candidate;
    }
    return value;
}

/** Percent with one digit: 12.5 %. */
export function percent(share: number): string {
    return Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : '–';
}

/** Whole numbers with thin spaces between thousands: 12 345. */
export function whole(value: number): string {
    return String(Math.round(value))
        .replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
        .replace('-', '−');
}
