import { create } from 'zustand'

/** Whether the server is there, and lets us in. */
export type Connection = {
  isOnline: boolean
  isRefused: boolean
  instanceId: string | null
}

export const useConnection = create<Connection>(() => ({
  isOnline: true,
  isRefused: false,
  instanceId: null,
}))

export const noteAnswer = (): void => {
  if (!useConnection.getState().isOnline) useConnection.setState({ isOnline: true })
}
export const noteSilence = (): void => {
  if (useConnection.getState().isOnline) useConnection.setState({ isOnline: false })
}
export const noteRefusal = (): void => useConnection.setState({ isRefused: true })
