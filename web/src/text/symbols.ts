// Names of inputs as the lecture writes them: x1^2 → x₁², sin(x1) → sin x₁.

const low = '₀₁₂₃₄₅₆₇₈₉';

export const lower = (n: number) => String(n).replace(/\d/g, digit => low[Number(digit)]!);

export function pretty(name: string): string {
    if (/^y\d+$/.test(name)) return 'y' + lower(Number(name.slice(1)));
    if (!/^(x\d|sin|cos|abs|sqrt|\|x)/.test(name)) return name;
    return name
        .replace(/^sqrt\((.*)\)$/, '√($1)')
        .replace(/\^2|²/g, '²')
        .replace(/(x)_?(\d+)/g, (_, x: string, n: string) => x + lower(Number(n)))
        .replace(/\s*\*\s*/g, ' ')
        .replace(/(sin|cos|abs)\(([^)]*)\)/g, '$1 $2')
        .replace(/\+/g, ' + ');
}
