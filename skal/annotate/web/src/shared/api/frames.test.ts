import { expect, test } from 'vitest'
import { takeFrames } from './frames'

test('whole messages are taken, and the rest waits', () => {
  const { frames, rest } = takeFrames('id: 1\nevent: job\ndata: {"a":1}\n\n: ping\n\nid: 2\nda')
  expect(frames).toEqual([{ id: '1', event: 'job', data: '{"a":1}' }])
  expect(rest).toBe('id: 2\nda')
})

test('data of several lines is one text', () => {
  expect(takeFrames('data: a\ndata:b\r\n\r\n').frames[0]?.data).toBe('a\nb')
})

test('a comment alone is no message', () => {
  expect(takeFrames(': ping\n\n')).toEqual({ frames: [], rest: '' })
})
