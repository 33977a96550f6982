// Notes of one request's encoding, each note about a field once: a long history would repeat it on every message.

import type { Note, Warning } from '../../../core/warning.ts'

export class Receipt {
  readonly #note: Note
  #told: Set<string> | undefined

  constructor(note: Note) {
    this.#note = note
  }

  dropped(field: string, reason: string): void {
    this.#tell({ kind: 'dropped', field, reason })
  }
  changed(field: string, reason: string): void {
    this.#tell({ kind: 'changed', field, reason })
  }
  emulated(field: string, reason: string): void {
    this.#tell({ kind: 'emulated', field, reason })
  }

  #tell(warning: Warning): void {
    const key = `${warning.kind} ${warning.field.replace(/\[\d+\]/g, '[]')} ${warning.reason}`
    this.#told ??= new Set()
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#note(warning)
  }
}
