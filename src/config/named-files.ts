import { resolve } from 'node:path';
import { type CompiledSchema, compileBodySchema } from './body-schema.ts';

/** Files that a configuration names. Each is read once, so that what was checked is what is used. */
export class NamedFiles {
  readonly #read: (path: string) => string;
  readonly #folder: string;
  readonly #texts = new Map<string, string | null>();
  readonly #schemas = new Map<string, CompiledSchema>();

  /** @param folder where relative paths start, absolute @param read throws when it cannot */
  constructor(folder: string, read: (path: string) => string) {
    this.#folder = folder;
    this.#read = read;
  }

  absolute(path: string): string {
    return resolve(this.#folder, path);
  }

  /** @returns null when it cannot be read */
  text(path: string): string | null {
    const file = this.absolute(path);
    let text = this.#texts.get(file);
    if (text === undefined) {
      text = this.#contents(file);
      this.#texts.set(file, text);
    }
    return text;
  }

  /** @returns null when it cannot be read */
  bodySchema(path: string): CompiledSchema | null {
    const file = this.absolute(path);
    const text = this.text(path);
    if (text === null) return null;
    const schema = this.#schemas.get(file) ?? compileBodySchema(text);
    this.#schemas.set(file, schema);
    return schema;
  }

  #contents(file: string): string | null {
    try {
      return this.#read(file);
    } catch {
      return null;
    }
  }
}
