// Two made-up languages for testing: one a third longer with accents, one written from right to left. {names} stay as
// they are.

const accents: Readonly<Record<string, string>> = {
    a: 'á',
    b: 'ƀ',
    c: 'ç',
    d: 'ð',
    e: 'é',
    f: 'ƒ',
    g: 'ĝ',
    h: 'ĥ',
    i: 'î',
    j: 'ĵ',
    k: 'ķ',
    l: 'ļ',
    m: 'ɱ',
    n: 'ñ',
    o: 'ö',
    p: 'þ',
    q: 'ǫ',
    r: 'ŕ',
    s: 'š',
    t: 'ţ',
    u: 'û',
    v: 'ṽ',
    w: 'ŵ',
    x: 'ẋ',
    y: 'ý',
    z: 'ž',
    A: 'Å',
    E: 'É',
    I: 'Î',
    O: 'Ö',
    U: 'Û',
};

const outsideGaps = (text: string, change: (part: string) => string) =>
    text
        .split(/(\{\w+\})/)
        .map(part => (part.startsWith('{') ? part : change(part)))
        .join('');

/** "Play" → "[Þļáý ··]". */
export function stretched(text: string): string {
    const body = outsideGaps(text, part => part.replace(/[a-zA-Z]/g, letter => accents[letter] ?? letter));
    return `[${body} ${'·'.repeat(Math.max(1, Math.round(text.length / 3)))}]`;
}

/** Every word is wrapped in right-to-left override marks, as pseudo-bidi catalogs do. */
export function mirrored(text: string): string {
    return outsideGaps(text, part => part.replace(/[^\s]+/g, word => `\u202e${word}\u202c`));
}
