// Notes of one request's encoding, each note about a field once: a long history would repeat it on every message.

import type { Note, Warning } from '../../../core/warning.ts'

export interface Receipt {
  dropped(field: string, reason: string): void
  changed(field: string, reason: string): void
  emulated(field: string, reason: string): void
}

export function receipt(note: Note): Receipt {
  const told = new Set<string>()
  const tell = (warning: Warning): void => {
    const key = `${warning.kind} ${warning.field.replace(/\[\d+\]/g, '[]')} ${warning.reason}`
    if (told.has(key)) return
    told.add(key)
    note(warning)
  }
  return {
    dropped: (field, reason) => tell({ kind: 'dropped', field, reason }),
    changed: (field, reason) => tell({ kind: 'changed', field, reason }),
    emulated: (field, reason) => tell({ kind: 'emulated', field, reason }),
  }
}
