(** Likelihood controls the follower's value (C5; proofs/hellinger.md).

    For two positive distributions [p] and [p'] on [l]: their log-ratio, its mean square, and
    the squared Hellinger distance [1 - sum sqrt(p p')]. *)
From Coq Require Import Reals List Lra Psatz.
From ExactQSE Require Import Sums Gibbs Divergence.
Import ListNotations.
Open Scope R_scope.

Definition hellinger {B} (l : list B) (p p' : B -> R) : R := 1 - rsum (fun b => sqrt (p b * p' b)) l.

Definition log_ratio {B} (p p' : B -> R) (b : B) : R := ln (p' b) - ln (p b).

(** [t (1 - e^(-L/2)) <= L |1 - e^(t/2)|] in absolute values, for [t >= -L]. *)
Lemma slope_of_exp L t : 0 < L -> - L <= t ->
  t * t * ((1 - exp (- L / 2)) * (1 - exp (- L / 2))) <= L * L * ((1 - exp (t / 2)) * (1 - exp (t / 2))).
Proof.
  intros HL Ht. set (e := exp (- L / 2)).
  assert (He : 0 < e < 1).
  { split; [apply exp_pos|]. unfold e. rewrite <- exp_0. apply exp_increasing. lra. }
  destruct (Rle_dec t 0) as [Hs|Hs].
  - (* below the chord: 0 <= -t (1 - e) <= L (1 - e^(t/2)) *)
    pose proof (exp_chord (- L / 2) 0 (t / 2) ltac:(lra) ltac:(lra)) as C. rewrite exp_0 in C. fold e in C.
    assert (H : - t * (1 - e) <= L * (1 - exp (t / 2))) by lra.
    assert (H0 : 0 <= - t * (1 - e)) by (apply Rmult_le_pos; lra).
    pose proof (Rmult_le_compat _ _ _ _ H0 H0 H H) as M. lra.
  - (* above the tangents: 0 <= t (1 - e) <= L (e^(t/2) - 1) *)
    pose proof (exp_ineq1_le (t / 2)) as E. pose proof (exp_ineq1_le (- L / 2)) as E'. fold e in E'.
    assert (H1 : t * (1 - e) <= t * (L / 2)) by (apply Rmult_le_compat_l; lra).
    assert (H2 : L * (t / 2) <= L * (exp (t / 2) - 1)) by (apply Rmult_le_compat_l; lra).
    assert (H : t * (1 - e) <= L * (exp (t / 2) - 1)) by lra.
    assert (H0 : 0 <= t * (1 - e)) by (apply Rmult_le_pos; lra).
    pose proof (Rmult_le_compat _ _ _ _ H0 H0 H H) as M. lra.
Qed.

(** [L / (1 - e^(-L/2)) <= 2 + L]. *)
Lemma slope_below L : 0 < L -> 0 < 1 - exp (- L / 2) /\ L / (1 - exp (- L / 2)) <= 2 + L.
Proof.
  intros HL. set (e := exp (- L / 2)).
  assert (He : 0 < e < 1).
  { split; [apply exp_pos|]. unfold e. rewrite <- exp_0. apply exp_increasing. lra. }
  split; [lra|]. apply Rmult_le_reg_r with (1 - e); [lra|].
  replace (L / (1 - e) * (1 - e)) with L by (field; lra).
  pose proof (exp_tangent (- L / 2) 0) as T. rewrite exp_0 in T. fold e in T. lra.
Qed.

(** [L / (1 - e^(-L/2)) <= 2 - ln 2 + ln (1 + e^L)]: equal at 0, and as [L] grows. *)
Lemma slope_below_sharp L : 0 < L -> L / (1 - exp (- L / 2)) <= 2 - ln 2 + ln (1 + exp L).
Proof.
  intros HL. set (y := L / 2). assert (Hy : 0 <= y) by (unfold y; lra).
  replace (- L / 2) with (- y) by (unfold y; field). replace L with (y + y) at 1 by (unfold y; field).
  replace (exp L) with (exp y * exp y) by (rewrite <- exp_plus; f_equal; unfold y; field).
  set (f := fun z => (2 - ln 2 + ln (1 + exp z * exp z)) * (1 - exp (- z)) - 2 * z).
  set (f' := fun z => (/ (1 + exp z * exp z) * (exp z * exp z + exp z * exp z)) * (1 - exp (- z))
    + (2 - ln 2 + ln (1 + exp z * exp z)) * exp (- z) - 2).
  assert (Hf : f 0 <= f y).
  { apply (nondecreasing f f' y Hy); intros c Hc; unfold f, f'.
    - apply (derivable_pt_lim_minus (fun z => (2 - ln 2 + ln (1 + exp z * exp z)) * (1 - exp (- z))));
        [|apply derivable_linear].
      apply (derivable_pt_lim_mult (fun z => 2 - ln 2 + ln (1 + exp z * exp z)) (fun z => 1 - exp (- z))).
      + replace (/ (1 + exp c * exp c) * (exp c * exp c + exp c * exp c))
          with (0 + / (1 + exp c * exp c) * (0 + (exp c * exp c + exp c * exp c))) by ring.
        apply (derivable_pt_lim_plus (fun _ => 2 - ln 2)); [apply derivable_pt_lim_const|].
        apply (derivable_pt_lim_comp (fun z => 1 + exp z * exp z) ln).
        * apply (derivable_pt_lim_plus (fun _ => 1)); [apply derivable_pt_lim_const|].
          apply (derivable_pt_lim_mult exp exp); apply derivable_pt_lim_exp.
        * apply derivable_pt_lim_ln. pose proof (exp_pos c). nra.
      + replace (exp (- c)) with (0 - exp (- c) * - 1) at 1 by ring.
        apply (derivable_pt_lim_minus (fun _ => 1)); [apply derivable_pt_lim_const|].
        apply (derivable_pt_lim_comp (fun z => - z) exp); [|apply derivable_pt_lim_exp].
        apply (derivable_pt_lim_opp id c 1), derivable_pt_lim_id.
    - set (E := exp c). assert (HE : 1 <= E) by (pose proof (exp_ineq1_le c); unfold E; lra).
      assert (Hl : ln 2 + c <= ln (1 + E * E)).
      { rewrite <- (ln_exp c) at 1. fold E. rewrite <- ln_mult; [|lra|apply exp_pos || lra].
        assert (H : 2 * E <= 1 + E * E) by nra. destruct (Rle_lt_or_eq_dec _ _ H) as [H'|H'].
        - apply Rlt_le, ln_increasing; [lra|exact H'].
        - rewrite H'. apply Rle_refl. }
      assert (Hc' : E - 1 <= c * E).
      { pose proof (exp_ineq1_le (- c)) as T. rewrite exp_Ropp in T. fold E in T.
        apply Rmult_le_compat_r with (r := E) in T; [|lra]. rewrite Rinv_l in T by lra. lra. }
      rewrite exp_Ropp. fold E.
      apply Rle_trans with (/ (1 + E * E) * (E * E + E * E) * (1 - / E) + (2 + c) * / E - 2).
      + replace (/ (1 + E * E) * (E * E + E * E) * (1 - / E) + (2 + c) * / E - 2)
          with ((2 * (1 - E) + c * (1 + E * E)) * / (E * (1 + E * E))) by (field; nra).
        assert (Hq : c * (2 * E) <= c * (1 + E * E)) by (apply Rmult_le_compat_l; nra).
        apply Rmult_le_pos; [lra|]. apply Rlt_le, Rinv_0_lt_compat. nra.
      + apply Rplus_le_compat_r, Rplus_le_compat_l, Rmult_le_compat_r; [|lra].
        apply Rlt_le, Rinv_0_lt_compat. lra. }
  assert (Hd : 0 < 1 - exp (- y)).
  { rewrite <- exp_0 at 1. pose proof (exp_increasing (- y) 0). unfold y in *. lra. }
  apply Rmult_le_reg_r with (1 - exp (- y)); [exact Hd|].
  replace ((y + y) / (1 - exp (- y)) * (1 - exp (- y))) with (2 * y) by (field; lra).
  unfold f in Hf. rewrite Ropp_0, exp_0 in Hf. lra.
Qed.

Section Distributions.
Context {B : Type} (l : list B) (p p' : B -> R).
Hypotheses (Hp : simplex p l) (Hp' : simplex p' l).
Hypotheses (Hpos : forall b, In b l -> 0 < p b) (Hpos' : forall b, In b l -> 0 < p' b).
Let t b := log_ratio p p' b.

Lemma ratio_of_log b : In b l -> p' b = p b * exp (t b).
Proof.
  intros Hb. unfold t, log_ratio. unfold Rminus. rewrite exp_plus, exp_Ropp, !exp_ln by auto.
  pose proof (Hpos b Hb). field. lra.
Qed.

(** The squared Hellinger distance as a mean. *)
Lemma hellinger_mean : 2 * hellinger l p p' = mean p (fun b => (1 - exp (t b / 2)) * (1 - exp (t b / 2))) l.
Proof.
  unfold hellinger. rewrite (rsum_ext (fun b => sqrt (p b * p' b)) (fun b => p b * exp (t b / 2))).
  2:{ intros b Hb. pose proof (Hpos b Hb). pose proof (exp_pos (t b / 2)).
      rewrite (ratio_of_log b Hb). apply sqrt_lem_1.
      - apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [lra|apply Rlt_le, exp_pos].
      - apply Rmult_le_pos; lra.
      - replace (t b) with (t b / 2 + t b / 2) at 3 by field. rewrite exp_plus. ring. }
  destruct Hp as [_ S], Hp' as [_ S']. unfold mean.
  rewrite (rsum_ext (fun b => p b * ((1 - exp (t b / 2)) * (1 - exp (t b / 2))))
    (fun b => (p b + p' b) - 2 * (p b * exp (t b / 2)))).
  - rewrite rsum_minus, rsum_plus, rsum_scale, S, S'. ring.
  - intros b Hb. rewrite (ratio_of_log b Hb). replace (exp (t b)) with (exp (t b / 2) * exp (t b / 2))
      by (rewrite <- exp_plus; f_equal; field). ring.
Qed.

Theorem hellinger_range : 0 <= hellinger l p p' <= 1.
Proof.
  split.
  - apply Rmult_le_reg_l with 2; [lra|]. rewrite hellinger_mean, Rmult_0_r. apply rsum_nonneg. intros b Hb.
    pose proof (Hpos b Hb). apply Rmult_le_pos; [lra|]. apply Rle_0_sqr.
  - unfold hellinger. assert (0 <= rsum (fun b => sqrt (p b * p' b)) l); [|lra].
    apply rsum_nonneg. intros; apply sqrt_pos.
Qed.

(** C5a, C5b. *)
Theorem squares L : 0 < L -> (forall b, In b l -> - L <= t b) ->
  mean p (fun b => t b * t b) l <= 2 * (L / (1 - exp (- L / 2)) * (L / (1 - exp (- L / 2)))) * hellinger l p p'.
Proof.
  intros HL Ht. destruct (slope_below L HL) as [Hd _]. set (d := 1 - exp (- L / 2)) in *.
  replace (2 * (L / d * (L / d)) * hellinger l p p') with (L / d * (L / d) * (2 * hellinger l p p')) by ring.
  rewrite hellinger_mean, <- mean_scale. apply mean_le; [apply Hp|]. intros b Hb.
  pose proof (slope_of_exp L (t b) HL (Ht b Hb)) as S. fold d in S.
  apply Rmult_le_reg_r with (d * d); [now apply Rmult_lt_0_compat|].
  replace (L / d * (L / d) * ((1 - exp (t b / 2)) * (1 - exp (t b / 2))) * (d * d))
    with (L * L * ((1 - exp (t b / 2)) * (1 - exp (t b / 2)))) by (field; lra). exact S.
Qed.

Theorem squares_simply L : 0 < L -> (forall b, In b l -> - L <= t b) ->
  mean p (fun b => t b * t b) l <= 2 * ((2 + L) * (2 + L)) * hellinger l p p'.
Proof.
  intros HL Ht. eapply Rle_trans; [now apply (squares L)|]. destruct (slope_below L HL) as [Hd Hs].
  apply Rmult_le_compat_r; [apply hellinger_range|]. apply Rmult_le_compat_l; [lra|].
  assert (0 <= L / (1 - exp (- L / 2))) by (apply Rlt_le, Rdiv_lt_0_compat; assumption).
  apply Rmult_le_compat; assumption.
Qed.
End Distributions.

(** A variance is at most a mean square around anything. *)
Lemma variance_least {B} (l : list B) (p D : B -> R) c : simplex p l ->
  mean p (fun b => (D b - mean p D l) * (D b - mean p D l)) l <= mean p (fun b => (D b - c) * (D b - c)) l.
Proof.
  intros Hp. set (m := mean p D l).
  rewrite (mean_ext p (fun b => (D b - c) * (D b - c))
    (fun b => (D b - m) * (D b - m) + ((m - c) * (m - c) + 2 * (m - c) * (D b - m)))) by (intros; ring).
  rewrite !mean_plus, (mean_scale p (2 * (m - c)) (fun b => D b - m)), (mean_minus p D (fun _ => m)), !mean_const by apply Hp.
  fold m.
  pose proof (Rle_0_sqr (m - c)) as Q. unfold Rsqr in Q. lra.
Qed.

(** Of two actions each has at most what the other leaves. *)
Lemma pair_below {B} (l : list B) (p : B -> R) b c : (forall a, In a l -> 0 <= p a) -> In b l -> In c l -> c <> b ->
  p b + p c <= rsum p l.
Proof.
  intros Hp Hb Hc Hbc. induction l as [|a l IH]; [contradiction|].
  assert (Hl : forall x, In x l -> p x <= rsum p l).
  { clear - Hp. induction l as [|a' l IH]; intros x Hx; [contradiction|]. simpl in Hx |- *.
    assert (H0 : 0 <= rsum p l) by (apply rsum_nonneg; intros; apply Hp; simpl; tauto).
    destruct Hx as [->|Hx]; [lra|].
    pose proof (Hp a' ltac:(simpl; tauto)).
    assert (p x <= rsum p l); [|lra]. apply IH; [|exact Hx]. intros y Hy. apply Hp. simpl in *. tauto. }
  simpl in Hb, Hc |- *. destruct Hb as [->|Hb], Hc as [->|Hc].
  - contradiction.
  - pose proof (Hl c Hc). lra.
  - pose proof (Hl b Hb). lra.
  - pose proof (Hp a ltac:(simpl; tauto)).
    assert (p b + p c <= rsum p l); [|lra]. apply IH; auto. intros; apply Hp; simpl; tauto.
Qed.

Section Responses.
Context {B : Type} (l : list B).
Hypothesis Hl : l <> [].
Variable eta : R.
Hypothesis Heta : 0 < eta.
Variables q q' : B -> R.
Variable bound : R.
Hypothesis Hbound : 0 < bound.
Hypothesis Hq : forall b, In b l -> Rabs (q b - soft_value l eta q) <= bound.
Hypothesis Hq' : forall b, In b l -> Rabs (q' b - soft_value l eta q') <= bound.
Let p := quantal l eta q.
Let p' := quantal l eta q'.
Let D b := q' b - q b.
Let variance := mean p (fun b => (D b - mean p D l) * (D b - mean p D l)) l.

Lemma log_response b : log_ratio p p' b = eta * (D b - (soft_value l eta q' - soft_value l eta q)).
Proof.
  unfold log_ratio, p, p', D, soft_value. rewrite !ln_quantal by assumption. field. lra.
Qed.

Lemma log_response_below b : In b l -> - (eta * bound) <= log_ratio p p' b.
Proof.
  intros Hb. pose proof (Hq' b Hb) as Hb'. rewrite log_response.
  pose proof (soft_value_above l eta Heta q b Hb) as A.
  replace (- (eta * bound)) with (eta * - bound) by ring. apply Rmult_le_compat_l; [lra|].
  unfold D. unfold Rabs in Hb'; destruct Rcase_abs in Hb'; lra.
Qed.

Lemma variance_by_squares : eta * eta * variance <= mean p (fun b => log_ratio p p' b * log_ratio p p' b) l.
Proof.
  pose proof (quantal_simplex l Hl eta q) as Hp. fold p in Hp.
  pose proof (variance_least l p D (soft_value l eta q' - soft_value l eta q) Hp) as V. fold variance in V.
  rewrite (mean_ext p _ (fun b => eta * eta * ((D b - (soft_value l eta q' - soft_value l eta q))
    * (D b - (soft_value l eta q' - soft_value l eta q))))) by (intros; rewrite log_response; ring).
  rewrite mean_scale. apply Rmult_le_compat_l; [nra|exact V].
Qed.

(** C5d, C5c: the variance of the change of the follower's values, in the response. *)
Theorem value_by_likelihood_sharper :
  variance <= 2 * (bound / (1 - exp (- (eta * bound) / 2)) * (bound / (1 - exp (- (eta * bound) / 2))))
              * hellinger l p p'.
Proof.
  assert (HL : 0 < eta * bound) by now apply Rmult_lt_0_compat.
  destruct (slope_below _ HL) as [Hd _].
  apply Rmult_le_reg_l with (eta * eta); [now apply Rmult_lt_0_compat|].
  eapply Rle_trans; [apply variance_by_squares|].
  eapply Rle_trans; [apply (squares l p p') with (L := eta * bound)|].
  - now apply quantal_simplex.
  - now apply quantal_simplex.
  - intros; now apply quantal_pos.
  - intros; now apply quantal_pos.
  - exact HL.
  - exact log_response_below.
  - right. field. lra.
Qed.

Theorem value_by_likelihood_simply :
  variance <= 2 * ((2 / eta + bound) * (2 / eta + bound)) * hellinger l p p' /\
  2 * ((2 / eta + bound) * (2 / eta + bound)) * hellinger l p p'
    <= 8 * ((1 / eta + bound) * (1 / eta + bound)) * hellinger l p p'.
Proof.
  assert (HL : 0 < eta * bound) by now apply Rmult_lt_0_compat.
  assert (Hh : 0 <= hellinger l p p').
  { apply hellinger_range; try (now apply quantal_simplex); intros; now apply quantal_pos. }
  assert (Hi : 0 < / eta) by now apply Rinv_0_lt_compat.
  destruct (slope_below _ HL) as [Hd Hs]. set (d := 1 - exp (- (eta * bound) / 2)) in *. split.
  - eapply Rle_trans; [apply value_by_likelihood_sharper|]. fold d.
    apply Rmult_le_compat_r; [exact Hh|]. apply Rmult_le_compat_l; [lra|].
    assert (H0 : 0 <= bound / d) by (apply Rlt_le, Rdiv_lt_0_compat; assumption).
    assert (H1 : bound / d <= 2 / eta + bound).
    { apply Rmult_le_reg_l with eta; [assumption|].
      replace (eta * (bound / d)) with (eta * bound / d) by (field; lra).
      replace (eta * (2 / eta + bound)) with (2 + eta * bound) by (field; lra). exact Hs. }
    now apply Rmult_le_compat.
  - apply Rmult_le_compat_r; [exact Hh|].
    replace (2 / eta) with (2 * / eta) by reflexivity. replace (1 / eta) with (/ eta) by (field; lra). nra.
Qed.

(** C5e: sharp as [eta bound] falls to [ln 2] and as it grows. Two actions with different [D] make
    it larger than [ln 2], and then each action has another. *)
Theorem value_by_likelihood_linear : ln 2 < eta * bound ->
  (forall b, In b l -> exists c, In c l /\ c <> b) ->
  variance <= 2 * (((2 - ln 2) / eta + bound) * ((2 - ln 2) / eta + bound)) * hellinger l p p'.
Proof.
  intros Hwarm Hother. set (M := eta * bound) in *. set (L := ln (exp M - 1)).
  pose proof (quantal_simplex l Hl eta q) as Hp. pose proof (quantal_simplex l Hl eta q') as Hp'.
  fold p in Hp. fold p' in Hp'.
  assert (Hpos : forall b, In b l -> 0 < p b) by (intros; now apply quantal_pos).
  assert (Hpos' : forall b, In b l -> 0 < p' b) by (intros; now apply quantal_pos).
  assert (He : 2 < exp M) by (rewrite <- (exp_ln 2) by lra; now apply exp_increasing).
  assert (HL : 0 < L) by (unfold L; rewrite <- ln_1; apply ln_increasing; lra).
  assert (HeL : exp L = exp M - 1) by (apply exp_ln; lra).
  assert (Hlow : forall r b, (forall b, In b l -> Rabs (r b - soft_value l eta r) <= bound) -> In b l ->
    exp (- M) <= quantal l eta r b).
  { intros r b Hr Hb. rewrite <- (exp_ln (quantal l eta r b)) by (now apply quantal_pos).
    assert (H : - M <= ln (quantal l eta r b)).
    { rewrite ln_quantal by assumption. pose proof (Hr b Hb) as A. unfold Rabs in A.
      assert (H : eta * - bound <= eta * (r b - soft_value l eta r)).
      { apply Rmult_le_compat_l; [lra|]. destruct Rcase_abs in A; lra. }
      unfold M, soft_value in *. replace (eta * (r b - / eta * ln (partition l eta r)))
        with (eta * r b - ln (partition l eta r)) in H by (field; lra). lra. }
    destruct H as [H|H]; [now apply Rlt_le, exp_increasing|rewrite H; apply Rle_refl]. }
  assert (Hrange : forall b, In b l -> - L <= log_ratio p p' b).
  { intros b Hb. destruct (Hother b Hb) as (c & Hc & Hbc).
    pose proof (pair_below l p b c (fun a Ha => Rlt_le _ _ (Hpos a Ha)) Hb Hc Hbc) as H. destruct Hp as [_ S].
    rewrite S in H. pose proof (Hlow q c Hq Hc) as Hc'. fold p in Hc'. pose proof (Hlow q' b Hq' Hb) as Hb'.
    fold p' in Hb'. unfold log_ratio.
    assert (Hx : p b <= p' b * exp L).
    { rewrite HeL. rewrite exp_Ropp in *. set (E := exp M) in *.
      assert (/ E * (E - 1) <= p' b * (E - 1)) by (apply Rmult_le_compat_r; lra).
      replace (/ E * (E - 1)) with (1 - / E) in * by (field; lra). lra. }
    assert (Hy : ln (p b) <= ln (p' b * exp L)).
    { destruct Hx as [Hx|Hx]; [apply Rlt_le, ln_increasing; auto|rewrite Hx; apply Rle_refl]. }
    rewrite ln_mult, ln_exp in Hy; auto using exp_pos. lra. }
  apply Rmult_le_reg_l with (eta * eta); [now apply Rmult_lt_0_compat|].
  eapply Rle_trans; [apply variance_by_squares|].
  eapply Rle_trans; [apply (squares l p p') with (L := L); assumption|].
  assert (Hh : 0 <= hellinger l p p') by now apply hellinger_range.
  destruct (slope_below L HL) as [Hd _]. pose proof (slope_below_sharp L HL) as Hs.
  replace (1 + exp L) with (exp M) in Hs by lra. rewrite ln_exp in Hs.
  assert (H0 : 0 <= L / (1 - exp (- L / 2))) by (apply Rlt_le, Rdiv_lt_0_compat; assumption).
  replace (eta * eta * (2 * (((2 - ln 2) / eta + bound) * ((2 - ln 2) / eta + bound)) * hellinger l p p'))
    with (2 * ((2 - ln 2 + M) * (2 - ln 2 + M)) * hellinger l p p') by (unfold M; field; lra).
  apply Rmult_le_compat_r; [exact Hh|]. apply Rmult_le_compat_l; [lra|]. now apply Rmult_le_compat.
Qed.
End Responses.
