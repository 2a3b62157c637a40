// Reads a safetensors file with the reader of those who made the format, says what is in it, and writes the same tensors anew:
// node another-reader.mjs READER FILE COPY. Nothing is asked of a network: what the reader fetches is the file.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [reader, file, copy] = process.argv.slice(2)
const { parseSafetensorsMetadata } = await import(pathToFileURL(reader))
const bytes = readFileSync(file)
const fetch = async (_, { headers } = {}) => {
  const range = /bytes=(\d+)-(\d*)/.exec(new Headers(headers).get('range') ?? '')
  const from = Number(range?.[1] ?? 0), to = Math.min(bytes.length - 1, Number(range?.[2] || bytes.length - 1))
  return new Response(bytes.subarray(from, to + 1), {
    status: range ? 206 : 200,
    headers: {
      'content-range': `bytes ${from}-${to}/${bytes.length}`, 'content-length': `${to - from + 1}`, etag: '"file"',
      'x-linked-size': `${bytes.length}`, 'content-type': 'application/octet-stream',
    },
  })
}
const { header, parameterTotal } = await parseSafetensorsMetadata({
  repo: 'a/b', path: 'file.safetensors', hubUrl: 'http://127.0.0.1', fetch, computeParametersCount: true,
})

const start = 8 + Number(bytes.readBigUInt64LE(0))
const { __metadata__: texts, ...tensors } = header
const data = ({ data_offsets: [from, to] }) => bytes.subarray(start + from, start + to)
console.log(JSON.stringify({
  parameterTotal,
  tensors: Object.entries(tensors).map(([name, about]) => ({
    name, shape: about.shape,
    values: Array.from({ length: data(about).length / 4 }, (_, i) => data(about).readFloatLE(4 * i)),
  })),
}))

// The copy has its tensors in another order, so its digest is another too: docs/FORMATS.md says how it is made.
const digest = 'downhill.sha256', zeros = '0'.repeat(64)
const anew = { __metadata__: { ...texts, [digest]: zeros } }, parts = []
let at = 0
for (const [name, about] of Object.entries(tensors).reverse()) {
  const part = data(about)
  anew[name] = { dtype: about.dtype, shape: about.shape, data_offsets: [at, at += part.length] }
  parts.push(part)
}
let text = Buffer.from(JSON.stringify(anew))
text = Buffer.concat([text, Buffer.alloc((8 - text.length % 8) % 8, ' ')])
const length = Buffer.alloc(8)
length.writeBigUInt64LE(BigInt(text.length))
const whole = Buffer.concat([length, text, ...parts])
whole.write(createHash('sha256').update(whole).digest('hex'), whole.indexOf(`"${digest}":"${zeros}`) + digest.length + 4)
writeFileSync(copy, whole)
