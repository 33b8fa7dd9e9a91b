import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { bodyOf, client } from '../api/http'
import type { Done, Job, ProjectState, ServerEvent, Session, SettingsPatch } from '../api/types'

export const ANNOTATOR = 'me'

export const keys = {
  session: ['session'] as const,
  projects: ['projects'] as const,
  state: (id: string) => ['project', id, 'state'] as const,
  models: (id: string) => ['project', id, 'models'] as const,
  report: (id: string, modelId: number) => ['project', id, 'report', modelId] as const,
  why: (id: string, itemId: number) => ['project', id, 'why', itemId] as const,
  recent: (id: string) => ['project', id, 'recent'] as const,
  thumbnail: (id: string, key: string) => ['thumbnail', id, key] as const,
}

const path = (id: string) => ({ params: { path: { project_id: id } } })

export const useSession = () =>
  useQuery<Session>({
    queryKey: keys.session,
    queryFn: () => bodyOf(client.GET('/api/v1/session')),
    staleTime: Infinity,
  })

export const useProjectState = (id: string) =>
  useQuery<ProjectState>({
    queryKey: keys.state(id),
    queryFn: () => bodyOf(client.GET('/api/v1/projects/{project_id}/state', path(id))),
    staleTime: Infinity, // events keep it fresh
  })

/** All models of a project: the points of the learning curve. */
export const useModels = (id: string) =>
  useQuery({
    queryKey: keys.models(id),
    queryFn: () => bodyOf(client.GET('/api/v1/projects/{project_id}/models', path(id))),
    staleTime: Infinity,
  })

const useJobMutation = (id: string, send: () => Promise<Job>) => {
  const queries = useQueryClient()
  return useMutation({ mutationFn: send, onSuccess: (job) => setJob(queries, id, job) })
}

export const useTrain = (id: string) =>
  useJobMutation(id, () =>
    bodyOf(client.POST('/api/v1/projects/{project_id}/trainings', path(id))),
  )

export const useCancelTraining = (id: string) =>
  useJobMutation(id, () =>
    bodyOf(client.POST('/api/v1/projects/{project_id}/trainings/cancel', path(id))),
  )

export const useUseModel = (id: string) => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (modelId: number) =>
      bodyOf(
        client.POST('/api/v1/projects/{project_id}/models/{model_id}/use', {
          params: { path: { project_id: id, model_id: modelId } },
        }),
      ),
    onSuccess: (models) => {
      queries.setQueryData(keys.models(id), models)
      return queries.invalidateQueries({ queryKey: keys.state(id) })
    },
  })
}

export const useChangeSettings = (id: string) => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (changes: SettingsPatch) =>
      bodyOf(client.PATCH('/api/v1/projects/{project_id}/settings', { ...path(id), body: changes })),
    onSuccess: (settings) => updateState(queries, id, { settings }),
  })
}

export const useAddLabel = (id: string) => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (name: string) =>
      bodyOf(client.POST('/api/v1/projects/{project_id}/labels', { ...path(id), body: { name } })),
    onSuccess: (classes) => updateState(queries, id, { classes }),
  })
}

const updateState = (queries: QueryClient, id: string, changes: Partial<ProjectState>): void => {
  queries.setQueryData<ProjectState>(keys.state(id), (state) => state && { ...state, ...changes })
}

const setJob = (queries: QueryClient, id: string, job: Job) => updateState(queries, id, { job })

/** Bring the state up to a decision that is on disk. */
export const noteDone = (queries: QueryClient, id: string, done: Done): void => {
  const { counts, round, revision, n_undo, n_redo } = done
  updateState(queries, id, { counts, round, revision, n_undo, n_redo })
  refreshSoon(queries, id)
}

const SOON = 400 // ms without another decision
const refreshing = new Map<string, ReturnType<typeof setTimeout>>()

/** Fetch the rest of the state, such as how old the model is, once the hand pauses. */
const refreshSoon = (queries: QueryClient, id: string): void => {
  clearTimeout(refreshing.get(id))
  const refresh = () => void queries.invalidateQueries({ queryKey: keys.state(id), exact: true })
  refreshing.set(id, setTimeout(refresh, SOON))
}

/** Bring what is shown up to what the server says. */
export const applyEvent = (queries: QueryClient, event: ServerEvent): void => {
  switch (event.type) {
    case 'hello':
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'thumbnail' })
      return
    case 'projects':
      void queries.invalidateQueries({ queryKey: keys.projects })
      return
    case 'job':
      setJob(queries, event.project_id, event.job)
      return
    case 'model':
      updateState(queries, event.project_id, { model: event.model, estimate: event.estimate })
      void queries.invalidateQueries({ queryKey: keys.models(event.project_id) })
      void queries.invalidateQueries({ queryKey: keys.state(event.project_id) })
      return
    case 'counts':
      updateState(queries, event.project_id, {
        counts: event.counts,
        round: event.round,
        revision: event.revision,
      })
      return
    case 'scan':
      updateState(queries, event.project_id, { scan: event.scan, embedding: event.embedding })
      return
    case 'classes':
    case 'queue':
      void queries.invalidateQueries({ queryKey: keys.state(event.project_id) })
  }
}
