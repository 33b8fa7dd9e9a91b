import { bodyOf, client } from '../api/http'
import { toastError } from '../ui/toasts'
import { saveFile } from './save'

const fetchLabels = async (id: string): Promise<Blob> =>
  bodyOf(
    client.GET('/api/v1/projects/{project_id}/exports/labels.csv', {
      params: { path: { project_id: id } },
      parseAs: 'blob',
    }) as Promise<{ data?: Blob }>,
  )

/** Offer all labels of a project as a CSV file. */
export const saveLabels = (project: { id: string; name: string }): void =>
  void fetchLabels(project.id)
    .then((blob) => saveFile(blob, `${project.name}.csv`))
    .catch(toastError)
