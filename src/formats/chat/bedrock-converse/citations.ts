// Citations of supplied documents and of pages. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Citation.html

import type { Citation } from '../../../core/chat.ts'
import { asArray, asObject, asString, type JsonValue } from '../../../lib/json.ts'
import { FORMAT_ID } from './wire.ts'

export function decodeCitation(wire: JsonValue): Citation | undefined {
  const citation = asObject(wire)
  if (citation === undefined) return undefined
  const location = asObject(citation.location)
  const url = asString(asObject(location?.web)?.url)
  const citedText = (asArray(citation.sourceContent) ?? []).map((piece) => asString(asObject(piece)?.text) ?? '').join('')
  const title = asString(citation.title)
  return {
    kind: url !== undefined ? 'url' : location?.searchResultLocation !== undefined ? 'search-result' : 'document',
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(citedText !== '' && { citedText }),
    extensions: { [FORMAT_ID]: citation },
  }
}
