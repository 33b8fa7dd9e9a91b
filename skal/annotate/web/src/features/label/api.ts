import { bodyOf, client } from '../../shared/api/http'
import type { Done, ItemDetail, Queue, RecentDecision, Why } from '../../shared/api/types'
import { ANNOTATOR } from '../../shared/project/queries'

const header = { 'skal-annotator': encodeURIComponent(ANNOTATOR) }

export const fetchQueue = (id: string, n: number): Promise<Queue> =>
  bodyOf(
    client.GET('/api/v1/projects/{project_id}/queue', {
      params: { path: { project_id: id }, query: { n }, header },
    }),
  )

export const fetchItem = (id: string, itemId: number): Promise<ItemDetail> =>
  bodyOf(
    client.GET('/api/v1/projects/{project_id}/items/{item_id}', {
      params: { path: { project_id: id, item_id: itemId } },
    }),
  )

export const fetchWhy = (id: string, itemId: number): Promise<Why> =>
  bodyOf(
    client.GET('/api/v1/projects/{project_id}/items/{item_id}/why', {
      params: { path: { project_id: id, item_id: itemId } },
    }),
  )

export const fetchRecent = async (id: string): Promise<RecentDecision[]> => {
  const answer = await bodyOf(
    client.GET('/api/v1/projects/{project_id}/decisions', {
      params: { path: { project_id: id }, query: { n: 10 }, header },
    }),
  )
  return answer.decisions
}

export const sendStep = (id: string, kind: 'undo' | 'redo', key: string): Promise<Done> =>
  bodyOf(
    client.POST(`/api/v1/projects/{project_id}/${kind}`, {
      params: { path: { project_id: id }, header },
      body: { key, client_ts: Date.now() / 1000 },
    }),
  )

export const scanAgain = (id: string): Promise<unknown> =>
  client.POST('/api/v1/projects/{project_id}/scan', { params: { path: { project_id: id } } })
