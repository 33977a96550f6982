// The catalogue's data is bundled as text and parsed when first asked.
declare module '*.jsonl' {
  const text: string
  export default text
}
