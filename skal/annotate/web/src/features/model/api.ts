import { useQuery } from '@tanstack/react-query'
import { bodyOf, client, get } from '../../shared/api/http'
import { saveFile } from '../../shared/files/save'
import { keys } from '../../shared/project/queries'

export const useReport = (id: string, modelId: number | null) =>
  useQuery({
    queryKey: keys.report(id, modelId ?? 0),
    enabled: modelId !== null,
    queryFn: () =>
      bodyOf(
        client.GET('/api/v1/projects/{project_id}/models/{model_id}/report', {
          params: { path: { project_id: id, model_id: modelId ?? 0 } },
        }),
      ),
  })

export const downloadModel = async (id: string, modelId: number, name: string): Promise<void> => {
  const answer = await get(`/projects/${encodeURIComponent(id)}/models/${modelId}/download`)
  saveFile(await answer.blob(), `${name}-model-${modelId}.zip`)
}
