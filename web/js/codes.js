// Codes of rows, and the files that have them.

/** Codes of rows: `values` has `levels` numbers per row. */
export class Codes {
  constructor(values, levels, more = {}) {
    if (!(values instanceof Uint32Array)) throw new TypeError("codes are a Uint32Array");
    this.values = values;
    this.levels = levels;
    Object.assign(this, more);
  }

  get length() {
    return this.values.length / this.levels;
  }

  /** The codes of one row. */
  row(index) {
    return this.values.subarray(index * this.levels, (index + 1) * this.levels);
  }

  /** The semantic ID of one row, such as `12-5-33`. */
  id(index, separator = "-") {
    return this.row(index).join(separator);
  }

  /** The codes as the command line tool writes them to `codes.npy`. */
  toNpy() {
    return npy("<u4", this.values, this.length, this.levels);
  }

  /** The IDs as the command line tool writes them to `ids.csv`; `items` are the items' keys, if there are any. */
  toCsv(items, column = "item") {
    const field = (text) => (/[,"\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = [`${items ? field(column) : "row"},id\n`];
    for (let i = 0; i < this.length; i++) lines.push(`${items ? field(items[i]) : i},${this.id(i)}\n`);
    return lines.join("");
  }
}

// An array as an npy file, byte for byte as the command line tool writes it.
function npy(type, values, rows, columns) {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`.padEnd(117) + "\n";
  const head = new TextEncoder().encode(`\0NUMPY\x01\0\0\0${text}`);
  head[0] = 0x93;
  head[8] = text.length;
  const bytes = new Uint8Array(head.length + values.byteLength);
  bytes.set(head);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), head.length);
  return bytes;
}
