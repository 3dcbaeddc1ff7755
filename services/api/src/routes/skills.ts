import { AosError, failures } from '@aos/core';
import { skillListSchema, skillSchema, type SkillResource } from '@aos/sdk';
import type { skills } from '@aos/store';

import { route } from '../route.ts';

export const skillRoutes = [
  route({
    method: 'get',
    path: '/v1/skills',
    access: 'skills:read',
    summary: 'List the skills that agents can use',
    answers: { 200: { description: 'The newest version of each.', schema: skillListSchema } },
    handle: async (_call, { catalogs }) => ({
      status: 200,
      json: { items: (await catalogs.skills()).map(skillResource) },
    }),
  }),
  route({
    method: 'get',
    path: '/v1/skills/:name',
    access: 'skills:read',
    summary: 'Read a skill',
    params: { name: { type: 'string' } },
    answers: { 200: { description: 'Its newest version.', schema: skillSchema } },
    fails: ['skill_not_found'],
    handle: async ({ params }, { catalogs }) => {
      const skill = (await catalogs.skills()).find(
        ({ manifest }) => manifest.name === params['name'],
      );
      if (!skill) throw new AosError('skill_not_found', failures.skill_not_found.meaning);
      return { status: 200, json: skillResource(skill) };
    },
  }),
];

function skillResource({ manifest, publishedAt }: skills.PublishedSkill): SkillResource {
  return { ...manifest, publishedAt: publishedAt.toISOString() };
}
