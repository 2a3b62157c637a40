import { expect, test } from 'vitest';
import { items, nameOf, putTogether, takeApart, withActivation, withUnits } from '../src/layers';
import { pretty } from '../src/text/symbols';
import { tokens } from '../src/parts/math';

test('layers are cut at commas outside parentheses', () => {
    expect(items('8,8:ramp(0,1,-1,1),4')).toEqual(['8', '8:ramp(0,1,-1,1)', '4']);
    expect(items('')).toEqual([]);
});

test('a layer keeps what is not changed', () => {
    expect(withUnits('8:leaky_relu(0.01)', 12)).toBe('12:leaky_relu(0.01)');
    expect(withActivation('8:leaky_relu(0.01)', 'tanh')).toBe('8:tanh');
});

test('catalog entries come apart and go together again', () => {
    const adam = takeApart('adam(beta1=0.8, 0.99)', ['beta1', 'beta2', 'epsilon']);
    expect(adam.name).toBe('adam');
    expect([...adam.values]).toEqual([
        ['beta1', '0.8'],
        ['beta2', '0.99'],
    ]);
    expect(putTogether(adam)).toBe('adam(beta1=0.8,beta2=0.99)');
    expect(putTogether(takeApart('relu'))).toBe('relu');
    expect(nameOf('momentum(gamma=0.9)')).toBe('momentum');
});

test('inputs are written as in the lecture', () => {
    expect(['x1', 'x1^2', 'x1*x2', 'sin(x2)', '|x1|', 'sqrt(x1^2+x2^2)', 'petal length'].map(pretty)).toEqual([
        'x₁',
        'x₁²',
        'x₁ x₂',
        'sin x₂',
        '|x₁|',
        '√(x₁² + x₂²)',
        'petal length',
    ]);
});

test('formulas fall into what MathML needs', () => {
    expect(tokens('½·v·(1 + erf(v/√2))').map(token => token.kind + token.text)).toEqual([
        'mn½',
        'mo·',
        'miv',
        'mo·',
        'mo(',
        'mn1',
        'mo+',
        'mierf',
        'mo(',
        'miv',
        'mo/',
        'mo√',
        'mn2',
        'mo)',
        'mo)',
    ]);
    expect(tokens('a if v < c').map(token => token.kind)).toEqual(['mi', 'mtext', 'mi', 'mo', 'mi']);
});
