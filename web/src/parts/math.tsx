// Formulas as MathML, with the lecture's symbols. Catalog formulas are plain text ("½·v·(1 + erf(v/√2))"); they are
// cut into identifiers, numbers and operators, which is what MathML needs to set them well.

import type { ComponentChildren } from 'preact';

export function Formula({ children, block }: { readonly children: ComponentChildren; readonly block?: boolean }) {
    return (
        <math display={block === true ? 'block' : 'inline'}>
            <mrow>{children}</mrow>
        </math>
    );
}

/** A symbol; `lit` marks the one that stands for what is chosen. */
export const Sym = ({ children, lit }: { readonly children: ComponentChildren; readonly lit?: boolean }) => (
    <mi class={lit === true ? 'lit' : undefined}>{children}</mi>
);

export const Sub = ({ base, at }: { readonly base: ComponentChildren; readonly at: ComponentChildren }) => (
    <msub>
        <mi>{base}</mi>
        <mi>{at}</mi>
    </msub>
);

export const Op = ({ children }: { readonly children: string }) => <Fence text={children} />;

export const Num = ({ children, lit }: { readonly children: ComponentChildren; readonly lit?: boolean }) => (
    <mn class={lit === true ? 'lit' : undefined}>{children}</mn>
);

export type Token = { readonly kind: 'mi' | 'mn' | 'mo' | 'mtext'; readonly text: string };

const words = new Set(['if', 'else', 'or', 'and', 'of', 'the']);
const subscripts = '₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₒₙ';

export function tokens(formula: string): Token[] {
    const out: Token[] = [];
    const pattern = /\s+|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[½⅓⅔¼⅙]|\p{L}[\p{L}\p{M}]*[₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₒₙ′²³]*|./gu;
    for (const [text] of formula.matchAll(pattern)) {
        if (text.trim() === '') continue;
        if (/^[\d½⅓⅔¼⅙²³]/.test(text)) out.push({ kind: 'mn', text });
        else if (words.has(text)) out.push({ kind: 'mtext', text: `\u2002${text}\u2002` });
        else if (/^\p{L}/u.test(text)) out.push({ kind: 'mi', text });
        else out.push({ kind: 'mo', text });
    }
    return out;
}

const opening = { form: 'prefix', stretchy: false, lspace: '0', rspace: '0' };
const closing = { form: 'postfix', stretchy: false, lspace: '0', rspace: '0' };

/** Parentheses in the middle of a row are told which way they face; otherwise they are spaced like operators. */
function Fence({ text }: { readonly text: string }) {
    return text === '(' ? (
        <mo {...opening}>(</mo>
    ) : text === ')' ? (
        <mo {...closing}>)</mo>
    ) : text === '·' ? (
        <mo lspace="0.12em" rspace="0.12em">
            ·
        </mo>
    ) : (
        <mo>{text}</mo>
    );
}

export function FormulaText({ text }: { readonly text: string }) {
    return (
        <>
            {tokens(text).map((token, k) => {
                if (token.kind === 'mn') return <mn key={k}>{token.text}</mn>;
                if (token.kind === 'mo') return <Fence key={k} text={token.text} />;
                if (token.kind === 'mtext') return <mtext key={k}>{token.text}</mtext>;
                const cut = [...token.text].findIndex(letter => subscripts.includes(letter));
                return cut <= 0 ? (
                    <mi key={k}>{token.text}</mi>
                ) : (
                    <msub key={k}>
                        <mi>{token.text.slice(0, cut)}</mi>
                        <mi>{plainDigits(token.text.slice(cut))}</mi>
                    </msub>
                );
            })}
        </>
    );
}

const plain = '0123456789ijkon';
const plainDigits = (text: string) =>
    [...text]
        .map(letter => {
            const at = subscripts.indexOf(letter);
            return at < 0 ? letter : plain[at]!;
        })
        .join('');
