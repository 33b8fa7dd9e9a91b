import type { ProjectCard } from '../../shared/api/types'

export type Listed = { active: ProjectCard[]; trashed: ProjectCard[] }

const plain = (text: string): string => text.toLocaleLowerCase()

/** The projects whose names hold a text, apart from those in the trash. */
export const listed = (projects: readonly ProjectCard[], text: string): Listed => {
  const found = projects.filter(({ name }) => plain(name).includes(plain(text.trim())))
  return {
    active: found.filter(({ status }) => status !== 'trashed'),
    trashed: found.filter(({ status }) => status === 'trashed'),
  }
}

const CLOSED_TO_US = ['missing', 'elsewhere', 'unusable'] as const
export type Closed = (typeof CLOSED_TO_US)[number]

/** Why a project cannot be opened here, or null. */
export const closedAs = ({ status }: ProjectCard): Closed | null =>
  CLOSED_TO_US.find((known) => known === status) ?? null

export const shareLabeled = ({ n_items, n_labeled }: ProjectCard): number =>
  n_items === 0 ? 0 : n_labeled / n_items
