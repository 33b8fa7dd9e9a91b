import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { loadThumbnail } from '../images/picture'
import { keys } from '../project/queries'
import styles from './Thumbnail.module.css'

type Props = { projectId: string; contentKey: string; alt: string; size?: number }

/** A small picture of an image; a gray tile until it is there. */
export const Thumbnail = ({ projectId, contentKey, alt, size = 56 }: Props) => {
  const url = useThumbnail(projectId, contentKey)
  return (
    <span className={styles.tile} style={{ width: size, height: size }}>
      {url !== null && <img src={url} alt={alt} draggable={false} />}
      {url === null && alt !== '' && <span role="img" aria-label={alt} />}
    </span>
  )
}

const useThumbnail = (projectId: string, contentKey: string): string | null => {
  const { data } = useQuery({
    queryKey: keys.thumbnail(projectId, contentKey),
    queryFn: ({ signal }) => loadThumbnail(projectId, contentKey, signal),
    staleTime: Infinity,
    retry: false,
  })
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (data === undefined) return
    const made = URL.createObjectURL(data)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [data])
  return url
}
