import { expect, test } from 'vitest';
import { decode, mapValue, MAGIC } from '../src/protocol';

function reply(header: object, blocks: ArrayBuffer = new ArrayBuffer(0)): ArrayBuffer {
    let text = JSON.stringify(header);
    while ((8 + new TextEncoder().encode(text).length) % 8 !== 0) text += ' ';
    const head = new TextEncoder().encode(text);
    const message = new Uint8Array(8 + head.length + blocks.byteLength);
    const view = new DataView(message.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, head.length, true);
    message.set(head, 8);
    message.set(new Uint8Array(blocks), 8 + head.length);
    return message.buffer;
}

test('header and blocks are read in place', () => {
    const blocks = new ArrayBuffer(24);
    new Float32Array(blocks, 0, 3).set([1.5, -2, 0.25]);
    new Uint8Array(blocks, 16, 4).set([0, 128, 255, 1]);
    const message = reply(
        {
            id: 7,
            ok: true,
            note: 'η·λ',
            blocks: { loss: { type: 'f32', shape: [3, 1], offset: 0 }, map: { type: 'u8', shape: [2, 2], offset: 16 } },
        },
        blocks,
    );
    const { header, blocks: read } = decode(message);
    expect(header).toMatchObject({ id: 7, ok: true, note: 'η·λ' });
    expect([...read['loss']!]).toEqual([1.5, -2, 0.25]);
    expect([...read['map']!]).toEqual([0, 128, 255, 1]);
    expect(read['map']!.buffer).toBe(message);
});

test('what is no reply is refused', () => {
    expect(() => decode(new ArrayBuffer(4))).toThrow(/8 bytes/);
    expect(() => decode(new ArrayBuffer(16))).toThrow(/DHF1/);
    expect(() =>
        decode(reply({ id: 1, ok: true, blocks: { map: { type: 'f64', shape: [1000], offset: 0 } } })),
    ).toThrow(/ends after/);
});

test('byte 128 is exactly zero and byte 0 is no number', () => {
    expect(mapValue(128, 3.7)).toBe(0);
    expect(mapValue(255, 2)).toBe(2);
    expect(mapValue(1, 2)).toBe(-2);
    expect(mapValue(0, 2)).toBeNaN();
});
