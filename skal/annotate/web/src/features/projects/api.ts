import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { bodyOf, client, send, apiUrl } from '../../shared/api/http'
import { keys } from '../../shared/project/queries'

export const useProjects = () =>
  useQuery({
    queryKey: keys.projects,
    queryFn: async () => (await bodyOf(client.GET('/api/v1/projects'))).projects,
  })

const path = (id: string) => ({ params: { path: { project_id: id } } })

const STEPS = {
  open: (id: string) => bodyOf(client.POST('/api/v1/projects/{project_id}/open', path(id))),
  trash: (id: string) => bodyOf(client.DELETE('/api/v1/projects/{project_id}', path(id))),
  restore: (id: string) => bodyOf(client.POST('/api/v1/projects/{project_id}/restore', path(id))),
  purge: (id: string): Promise<unknown> =>
    send(
      new Request(apiUrl(`/projects/${encodeURIComponent(id)}/purge`), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
      }),
    ),
}

/** What can be done with a project as a whole. */
export const useProjectStep = (step: keyof typeof STEPS) => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string): Promise<unknown> => STEPS[step](id),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.projects }),
  })
}

export const useRename = () => {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, name }: { id: string; name: string }) =>
      bodyOf(client.PATCH('/api/v1/projects/{project_id}', { ...path(id), body: { name } })),
    onSuccess: (_, { id }) => {
      void queries.invalidateQueries({ queryKey: keys.projects })
      void queries.invalidateQueries({ queryKey: keys.state(id) })
    },
  })
}
