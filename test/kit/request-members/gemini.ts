// Members of a client's request in this format.

import { inside, PIXEL, type Sample, SCHEMA, top } from './sample.ts'

const contents = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
const declaration = { name: 'f', parametersJsonSchema: SCHEMA }
const geminiPart = (part: object): object => ({ contents: [{ role: 'user', parts: [{ text: 'hi' }, part] }] })
const inline = { inlineData: { mimeType: 'image/png', data: PIXEL } }

export const GEMINI: readonly Sample[] = [
  ...top(contents, {
    systemInstruction: { parts: [{ text: 'be brief' }] },
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    tools: [{ functionDeclarations: [declaration] }],
    labels: { a: 'b' },
    cachedContent: 'cachedContents/1',
    serviceTier: 'flex',
    store: true,
    continuationToken: 't',
    modelArmorConfig: { promptTemplateName: 'x' },
    unknownMember: 1,
  }),
  ...inside('generationConfig', {}, (it) => ({ ...contents, generationConfig: it }), {
    temperature: 0.3,
    topP: 0.4,
    topK: 5,
    candidateCount: 2,
    maxOutputTokens: 77,
    stopSequences: ['X'],
    responseLogprobs: true,
    presencePenalty: 0.5,
    frequencyPenalty: 0.5,
    seed: 7,
    routingConfig: { autoMode: {} },
    modelSelectionConfig: { featureSelectionPreference: 'BALANCED' },
    responseModalities: ['TEXT', 'IMAGE'],
    mediaResolution: 'MEDIA_RESOLUTION_LOW',
    audioTimestamp: true,
    imageConfig: { aspectRatio: '1:1' },
    thinkingConfig: { thinkingBudget: 2000, includeThoughts: true },
    enableAffectiveDialog: true,
    unknownMember: 1,
  }),
  ...inside('generationConfig', { responseMimeType: 'application/json' }, (it) => ({ ...contents, generationConfig: it }), {
    responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
    responseJsonSchema: SCHEMA,
  }),
  ...inside('toolConfig', {}, (it) => ({ ...contents, tools: [{ functionDeclarations: [declaration] }], toolConfig: it }), {
    functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] },
    retrievalConfig: { languageCode: 'en' },
  }),
  ...inside('functionDeclarations', declaration, (it) => ({ ...contents, tools: [{ functionDeclarations: [it] }] }), {
    description: 'what it does',
    behavior: 'NON_BLOCKING',
    response: { type: 'OBJECT' },
    responseJsonSchema: SCHEMA,
  }),
  ...inside('', {}, (it) => ({ ...contents, tools: [{ functionDeclarations: [declaration] }, ...Object.values(it)] }), {
    codeExecution: { codeExecution: {} },
    googleMaps: { googleMaps: {} },
    fileSearch: { fileSearch: { fileSearchStoreNames: ['x'] } },
    computerUse: { computerUse: { environment: 'ENVIRONMENT_BROWSER' } },
    retrieval: { retrieval: { vertexAiSearch: {} } },
    mcpServers: { mcpServers: [{ name: 's' }] },
    unknownTool: { telepathy: {} },
  }),
  ...inside('inlineData', inline, geminiPart, { mediaResolution: { level: 'MEDIA_RESOLUTION_HIGH' }, partMetadata: { a: 1 } }),
  ...inside('video', { inlineData: { mimeType: 'video/mp4', data: 'AAAA' } }, geminiPart, { videoMetadata: { fps: 5 } }),
  ...inside('', {}, (it) => ({ contents: [{ role: 'user', parts: [{ text: 'hi' }, ...Object.values(it)] }] }), {
    audio: { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
    fileData: { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/x', mimeType: 'application/pdf' } },
    executableCode: { executableCode: { language: 'PYTHON', code: '1' } },
    unknownPart: { hologram: {} },
  }),
  ...inside(
    'functionResponse',
    { name: 'f', response: { result: 'r' } },
    (it) => ({
      contents: [
        ...contents.contents,
        { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: it }] },
      ],
    }),
    { scheduling: 'SILENT', willContinue: true, parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL } }] },
  ),
]
