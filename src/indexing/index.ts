// Building and refreshing the local document index from folders and sites.

export { folderDocuments } from './folder.ts'
export { type Counts, type Progress, type RefreshOptions, refresh } from './refresh.ts'
export { type SiteOptions, siteDocuments } from './site.ts'
export { type ListedDocument, type Reading, SourceError } from './source.ts'
